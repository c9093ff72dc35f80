import { policySchema, retrySchema, settingsSchema } from '../../src/domain/definition.js'
import type { JsonObject, JsonValue } from '../../src/domain/json.js'
import type { CorpusRun } from './corpusRun.js'

const policy = policySchema.shape
const concurrency = settingsSchema.shape.concurrency.unwrap().shape

/** Each policy and setting with each of its choices, as the schemas have them: `onError: hold`, `retry.retryOn`. */
export const everyPolicy: readonly string[] = [
  ...policy.join
    .unwrap()
    .options.flatMap((join) => ('shape' in join ? Object.keys(join.shape) : join.options))
    .map((join) => `join: ${join}`),
  ...Object.keys(retrySchema.shape).map((key) => `retry.${key}`),
  'timeoutMs',
  ...policy.onError.unwrap().options.map((onError) => `onError: ${onError}`),
  ...policy.inDoubt.unwrap().options.map((inDoubt) => `inDoubt: ${inDoubt}`),
  'settings.timeoutMs',
  ...concurrency.whenFull.unwrap().options.map((whenFull) => `settings.concurrency: ${whenFull}`),
]

const nameOf = (value: JsonValue | undefined): string =>
  typeof value === 'object' && value !== null ? String(Object.keys(value)[0]) : String(value)

const policiesIn = ({ definition }: CorpusRun): string[] => {
  const { timeoutMs, concurrency: limited } = definition.settings
  return [
    ...definition.nodes.flatMap(({ policy: { retry, timeoutMs: own, ...choices } }) => [
      ...Object.entries(choices as JsonObject).map(([key, value]) => `${key}: ${nameOf(value)}`),
      ...Object.keys(retry ?? {}).map((key) => `retry.${key}`),
      ...(own === undefined ? [] : ['timeoutMs']),
    ]),
    ...(timeoutMs === undefined ? [] : ['settings.timeoutMs']),
    ...(limited === undefined ? [] : [`settings.concurrency: ${limited.whenFull}`]),
  ]
}

/** What the runs of a corpus are made of, child workflows left aside. */
export const coverageOf = (runs: readonly CorpusRun[]) => ({
  nodeTypesOf: new Set(runs.flatMap(({ definition }) => definition.nodes.map(({ type }) => type))),
  policiesOf: new Set(runs.flatMap(policiesIn)),
})
