import type { JsonValue } from '../../../domain/json.js'
import type { CommandContext } from '../../commandHandler.js'
import type { ExecutionCommands, ExecutionResult } from '../executionCommands.js'
import type { PublishedTrigger, PublishedTriggers } from './publishedTriggers.js'

/** A request to `/hooks/<path>`; it becomes the input of the run that it starts. */
export interface WebhookRequest {
  readonly method: string
  /** What follows `/hooks/`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** A parameter that was sent several times has all its values, in their order. */
  readonly query: Readonly<Record<string, string | string[]>>
  readonly body: JsonValue
}

export interface WebhookAnswer {
  readonly execution: ExecutionResult
  /** `result`: the caller waits for the run's end and gets its output. */
  readonly respond: 'accepted' | 'result'
}

/** A workflow listens at the path, but not to the method of the request. */
export interface OtherMethods {
  readonly methods: readonly string[]
}

/** Starts a run of the version that is published now; undefined where no workflow listens at the path. */
export type StartByWebhook = (
  context: CommandContext,
  request: WebhookRequest,
) => Promise<WebhookAnswer | OtherMethods | undefined>

/** Where two workflows want one path, it stays with the one that was published first. */
const firstPublished = (a: PublishedTrigger, b: PublishedTrigger): number => {
  if (a.publishedAt !== b.publishedAt) return a.publishedAt < b.publishedAt ? -1 : 1
  return a.workflowId < b.workflowId ? -1 : 1
}

export const createWebhooks =
  ({
    triggers,
    executions,
  }: {
    readonly triggers: Pick<PublishedTriggers, 'of'>
    readonly executions: Pick<ExecutionCommands, 'start'>
  }): StartByWebhook =>
  async (context, { method, path, headers, query, body }) => {
    const wanting = triggers
      .of('trigger.webhook')
      .filter(({ config }) => config.path === path)
      .sort(firstPublished)
    const [first] = wanting
    if (first === undefined) return undefined
    const listening = wanting.filter(({ workflowId }) => workflowId === first.workflowId)
    const trigger = listening.find(({ config }) => config.method === undefined || config.method === method)
    if (trigger === undefined) return { methods: [...new Set(listening.map(({ config }) => String(config.method)))] }
    const { workflowId, version, nodeId, config } = trigger
    const input = { method, path, headers: { ...headers }, query: { ...query }, body }
    const execution = await executions.start(context, { workflowId, version, trigger: nodeId, input })
    return { execution, respond: config.respond === 'result' ? 'result' : 'accepted' }
  }
