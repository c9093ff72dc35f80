import { afterEach, expect } from 'vitest'
import type { JsonValue } from '../../../src/domain/json.js'
import { type Attempt, NodeFailure } from '../../../src/domain/nodes/behaviour.js'
import type { NodeSpec } from './definitions.js'
import { createRunEngine, type RunEngine, type RunEngineOptions } from './runEngine.js'
import { effectType, testNodeTypes } from './testNodeTypes.js'

/** Makes engines that are stopped after each test; an error that an engine did not expect fails the test. */
export const useEngines = (): ((options: RunEngineOptions) => RunEngine) => {
  const engines: RunEngine[] = []
  afterEach(async () => {
    const unexpected = engines.flatMap((engine) => engine.unexpected)
    await Promise.all(engines.splice(0).map((engine) => engine.stop()))
    expect(unexpected).toEqual([])
  })
  return (options) => {
    const engine = createRunEngine(options)
    engines.push(engine)
    return engine
  }
}

export const effect = (config: NodeSpec['config'] = {}, policy: NodeSpec['policy'] = {}): NodeSpec => ({
  type: 'test.effect',
  config,
  policy,
})

export const withEffect = (run: (attempt: Attempt) => Promise<JsonValue>) => testNodeTypes(effectType(run))

export const failing = (code: string): NodeFailure => new NodeFailure({ class: 'test', code, message: `it is ${code}` })

const eventsOf = (engine: RunEngine, executionId: string) =>
  engine.log.events.filter(({ stream }) => stream === `execution-${executionId}`)

export const eventTypes = (engine: RunEngine, executionId: string): string[] =>
  eventsOf(engine, executionId).map(({ type }) => type)

/** How many appends the run's events took. */
export const appendsOf = (engine: RunEngine, executionId: string): number =>
  new Set(eventsOf(engine, executionId).map(({ metadata }) => (metadata as { commandId: string }).commandId)).size
