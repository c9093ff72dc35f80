import type { ServerContext } from '../context.js'
import { LINK_RULES } from './linkRules.js'
import { runSystemProjection, type SystemProjection } from './systemProjection.js'

export interface ProjectionStatus {
  readonly name: string
  readonly running: boolean
  /** Position of the last event dealt with. */
  readonly position: number
}

/** The system projections that are switched on. */
export interface SystemProjections {
  /** False when there is no such projection. */
  enable(name: string): Promise<boolean>
  disable(name: string): Promise<boolean>
  list(): ProjectionStatus[]
  stop(): Promise<void>
}

export async function startSystemProjections(context: ServerContext): Promise<SystemProjections> {
  const { store, writer, settings } = context
  const running = new Map<string, SystemProjection>()
  const switchKey = (name: string) => Buffer.from(`projection-on/${name}`)
  const isOn = (name: string) => store.view.meta(switchKey(name)) !== undefined

  const run = (name: string) => {
    const rule = LINK_RULES.get(name)
    if (rule && !running.has(name)) running.set(name, runSystemProjection(context, name, rule))
  }

  const enable = async (name: string) => {
    if (!LINK_RULES.has(name)) return false
    if (!isOn(name)) await writer.write((staging) => staging.setMeta(switchKey(name), Buffer.from('1')))
    run(name)
    return true
  }

  for (const name of LINK_RULES.keys()) if (isOn(name)) run(name)
  for (const name of settings.systemProjections) await enable(name)

  return {
    enable,
    async disable(name) {
      if (!LINK_RULES.has(name)) return false
      await writer.write((staging) => staging.setMeta(switchKey(name), undefined))
      const projection = running.get(name)
      running.delete(name)
      await projection?.stop()
      return true
    },
    list: () =>
      [...LINK_RULES.keys()].map((name) => ({
        name,
        running: running.has(name),
        position: running.get(name)?.position ?? 0,
      })),
    async stop() {
      await Promise.all([...running.values()].map((projection) => projection.stop()))
    },
  }
}
