import type { Definition } from '../../src/domain/definition.js'
import type { ExecutionState } from '../../src/domain/execution/executionState.js'
import type { JsonValue } from '../../src/domain/json.js'
import type { RunEngine } from '../support/execution/runEngine.js'

/** Something that is done to a run once it is in some state. Its command is derived, so a repetition is the same command. */
export interface CorpusAction {
  readonly label: string
  readonly when: (state: ExecutionState) => boolean
  readonly act: (engine: RunEngine, context: ReturnType<RunEngine['context']>, executionId: string) => Promise<unknown>
}

/** A run that must come to the same whenever its process is killed. */
export interface CorpusRun {
  readonly name: string
  readonly definition: Definition
  /** Workflows that it starts. */
  readonly children?: Readonly<Record<string, Definition>>
  readonly input?: JsonValue
  readonly trigger?: string
  readonly actions?: readonly CorpusAction[]
  readonly outcome: 'completed' | 'failed' | 'cancelled' | 'timedOut'
  /** Absent where an operator's answer to a doubt takes the place of what the step would have given. */
  readonly output?: JsonValue
  /** Steps whose statuses a crash may change (a result that comes after its deadline). */
  readonly loose?: readonly string[]
}
