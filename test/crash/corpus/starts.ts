import { define, manual } from '../../support/execution/definitions.js'
import type { CorpusRun } from '../corpusRun.js'
import { chainOf, effect } from './parts.js'

export const starts: readonly CorpusRun[] = [
  {
    name: 'webhook trigger',
    definition: define(
      {
        start: manual,
        hook: { type: 'trigger.webhook', config: { path: 'x', method: 'POST', respond: 'result' } },
        a: effect(),
      },
      ['hook -> a', 'start -> a'],
    ),
    trigger: 'hook',
    input: { body: 1 },
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'schedule trigger',
    definition: define(
      {
        clock: { type: 'trigger.schedule', config: { cron: '0 0 1 1 *', timezone: 'Asia/Kolkata', overlap: 'queue' } },
        a: effect(),
      },
      ['clock -> a'],
    ),
    trigger: 'clock',
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'concurrency limit',
    definition: chainOf({ a: effect() }, { concurrency: { limit: 1, whenFull: 'queue' } }),
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'manual trigger with a schema',
    definition: define(
      {
        start: { type: 'trigger.manual', config: { inputSchema: { type: 'object', required: ['id'] } } },
        a: effect(),
      },
      ['start -> a'],
    ),
    input: { id: 1 },
    outcome: 'completed',
    output: 'a',
  },
  {
    name: 'concurrency limit that refuses',
    definition: chainOf({ a: effect() }, { concurrency: { limit: 1, whenFull: 'reject' } }),
    outcome: 'completed',
    output: 'a',
  },
]
