/**
 * Runs per second: `node --import tsx bench/execution/run.ts [--quick] [--in-process [--projections] | --http]`, after
 * `npm run build`. In process: commands, executor and the embedded log alone, or with the projector and its stores. HTTP: the whole program with its projections.
 */
import { hardware } from '../support/hardware.js'
import { newDirectory, removeDirectory, startProgram } from '../support/program.js'
import { runInProcess } from './inProcess.js'
import type { Figure } from './measure.js'
import { runOverHttp } from './overHttp.js'
import { workloads } from './workloads.js'

const told = (flag: string) => process.argv.includes(flag)
const scale = told('--quick') ? 0.1 : 1
const print = (line: string) => process.stdout.write(`${line}\n`)
const show = (name: string, { perSecond, p50Ms, p99Ms, cpuMs }: Figure) =>
  print(
    `${name.padEnd(40)} ${perSecond.toFixed(perSecond < 10 ? 1 : 0).padStart(7)} runs/s  p50 ${p50Ms.toFixed(1)} ms  p99 ${p99Ms.toFixed(1)} ms  cpu ${cpuMs.toFixed(2)} ms`,
  )

print(hardware())
if (!told('--http')) {
  const projections = told('--projections')
  print(
    `\nin process, with the embedded log${projections ? ' and the projections' : ''} (cpu: process with its workers)`,
  )
  for (const workload of workloads(scale)) show(workload.name, await runInProcess(workload, { projections }))
}
if (!told('--in-process')) {
  print('\nover HTTP, the whole program (cpu: of the client)')
  const directory = newDirectory()
  const program = await startProgram(directory)
  try {
    for (const workload of workloads(scale)) {
      if (workload.benchOnly !== true) show(workload.name, await runOverHttp(program, workload))
    }
  } finally {
    await program.stop()
    removeDirectory(directory)
  }
}
