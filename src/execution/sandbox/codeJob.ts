import type { JsonValue } from '../../domain/json.js'

/** User code for the sandbox: a function body or one expression over its variables. */
export interface CodeJob {
  readonly source: string
  /** JSON of the variables, each by its name. */
  readonly variables: { readonly [name in (typeof codeVariables)[number]]: string }
  readonly timeoutMs: number
  /** For the code's own data, beside the 16 MiB that the sandbox begins with. */
  readonly memoryBytes: number
}

export const codeVariables = ['input', 'nodes', 'trigger', 'execution'] as const

export type CodeResult =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly code: 'code_error' | 'code_timeout' | 'code_memory'; readonly message: string }

/** Characters of a result's JSON. */
export const maxResultLength = 1024 * 1024
