import type { ProtoReader } from '../wire/protoReader.js'
import { invalidArgument } from './errors.js'

/** `FilterOptions` as they were sent. */
export interface FilterRequest {
  readonly on: 'stream' | 'type'
  /** Wins over the prefixes when it is not empty. */
  readonly regex: string
  readonly prefixes: readonly string[]
  /** Events per search window. */
  readonly window: number
  /** Windows per checkpoint. */
  readonly multiplier: number
}

const DEFAULT_WINDOW = 32

export function readFilter(reader: ProtoReader): FilterRequest {
  let on: FilterRequest['on'] = 'stream'
  let expression = { regex: '', prefixes: [] as string[] }
  let window = DEFAULT_WINDOW
  let multiplier = 0
  while (reader.next()) {
    if (reader.field === 1 || reader.field === 2) {
      on = reader.field === 1 ? 'stream' : 'type'
      expression = readExpression(reader.message())
    } else if (reader.field === 3) window = reader.varint()
    else if (reader.field === 5) multiplier = reader.varint()
    else reader.skip()
  }
  if (multiplier === 0) throw invalidArgument('The checkpoint interval multiplier must be above 0.')
  if (window === 0) throw invalidArgument('The search window must be above 0.')
  return { on, ...expression, window, multiplier }
}

function readExpression(reader: ProtoReader): { regex: string; prefixes: string[] } {
  const expression = { regex: '', prefixes: [] as string[] }
  while (reader.next()) {
    if (reader.field === 1) expression.regex = reader.string()
    else if (reader.field === 2) expression.prefixes.push(reader.string())
    else reader.skip()
  }
  return expression
}
