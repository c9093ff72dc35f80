import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { ProjectorConfig } from '../../../src/projections/runProjector.js'

const script = (name: string, config: ProjectorConfig, ...more: string[]): string[] => [
  '--import',
  'tsx',
  join(import.meta.dirname, name),
  JSON.stringify(config),
  ...more,
]

/** A projector in a process of its own, which can be killed like one. */
export const startProjectorProcess = (config: ProjectorConfig): ChildProcess =>
  spawn(process.execPath, script('projectorProcess.ts', config), { stdio: ['ignore', 'ignore', 'inherit'] })

export const kill = async (child: ChildProcess | undefined): Promise<void> => {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** A process that asks for rebuilds: each line of its stdin names a projection, each line of its stdout is the answer. */
export const startAskingProcess = (config: ProjectorConfig): ChildProcess =>
  spawn(process.execPath, script('askingProcess.ts', config), { stdio: ['pipe', 'pipe', 'inherit'] })
