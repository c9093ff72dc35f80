import { EvaluationError } from '@marcbachmann/cel-js'

/** A function of the language: `[receiver.]name(types): type` and what it does with evaluated operands. */
export interface FunctionSpec {
  readonly signature: string
  readonly handler: (...parameters: never[]) => unknown
}

/** An error of the evaluation; it is reported with the place in the source. */
export const failed = (message: string): EvaluationError => new EvaluationError({ code: 'invalid_argument', message })

/** Whole numbers come as ints from literals and as doubles from JSON. */
export const wholeNumber = (value: unknown, name: string): number => {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number
  throw failed(`${name} needs a whole number`)
}
