/** CPU of deciding and folding runs, without a log: `node --import tsx bench/execution/decisions.ts`. */
import { performance } from 'node:perf_hooks'
import type { Definition } from '../../src/domain/definition.js'
import { decideStart } from '../../src/domain/execution/decide/startRun.js'
import { evolveAllExecution } from '../../src/domain/execution/evolveExecution.js'
import { absentExecution } from '../../src/domain/execution/executionState.js'
import { planRun } from '../../src/domain/execution/runPlan.js'
import type { JsonValue } from '../../src/domain/json.js'
import { define, idOf, manual, noop, transformChain } from '../../test/support/execution/definitions.js'
import { engine, runId, startTime, testActor } from '../../test/support/execution/pureRun.js'
import { testNodeTypes } from '../../test/support/execution/testNodeTypes.js'

const started = (input: JsonValue) => ({
  executionId: runId,
  workflowId: idOf('workflow'),
  version: 1,
  versionId: idOf('version'),
  contentHash: 'hash',
  trigger: { nodeId: idOf('start'), key: 'start', type: 'trigger.manual' },
  input,
  queued: false,
})

const measure = (name: string, definition: Definition, input: JsonValue, seconds = 2) => {
  const plan = planRun(definition, { nodeTypes: testNodeTypes(), engine })
  const env = { engine, now: startTime, actor: testActor, random: 0.5 }
  const once = () => {
    const { events } = decideStart(started(input), plan, env)
    const recorded = events.map((event, revision) => ({
      ...event,
      id: 'id',
      stream: 's',
      revision,
      position: 0n,
      recordedAt: startTime,
      metadata: { occurredAt: startTime, actor: testActor, $correlationId: 'c' },
    }))
    return evolveAllExecution(absentExecution, recorded as never)
  }
  for (let i = 0; i < 20; i += 1) once()
  const from = performance.now()
  let runs = 0
  while (performance.now() - from < seconds * 1000) {
    once()
    runs += 1
  }
  const ms = (performance.now() - from) / runs
  process.stdout.write(`${name}: ${ms.toFixed(4)} ms a run (${Math.round(1000 / ms)}/s)\n`)
}

const fan = (width: number): Definition => {
  const keys = Array.from({ length: width }, (_, i) => `b${i}`)
  return define({ start: manual, ...Object.fromEntries(keys.map((key) => [key, noop])), join: { type: 'merge' } }, [
    ...keys.map((key) => `start -> ${key}`),
    ...keys.map((key) => `${key} -> join`),
  ])
}

measure('chain of 5 transforms', transformChain(5), { n: 0 })
measure('fan-out to 50 and a join', fan(50), { n: 0 })
measure('chain of 2,000 transforms, first append', transformChain(1_999), { n: 0 })
measure('fan-out to 1,998 and a join, first append', fan(1_998), { n: 0 })
