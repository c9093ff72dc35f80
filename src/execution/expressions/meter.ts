import { ExpressionError } from '../../domain/expressions/expressionEngine.js'
import { expressionLimits } from './limits.js'

/** Counts the steps of an evaluation down. Evaluations are synchronous, so one meter serves an engine. */
export interface Meter {
  left: number
}

export const limitCode = 'expression_limit'

/** Takes `steps` from what is left; throws ExpressionError `expression_limit` when that was too little. */
export const charge = (meter: Meter, steps: number): void => {
  meter.left -= steps
  if (meter.left < 0) throw stepsExceeded()
}

export const stepsExceeded = (): ExpressionError =>
  new ExpressionError(limitCode, 'the expression has too much to do: its lists or texts are too large')

/** Charges for text of this length being read or built, and refuses to build more than the limit. */
export const chargeText = (meter: Meter, length: number): void => {
  if (length > expressionLimits.textLength) {
    throw new ExpressionError(
      limitCode,
      `the expression builds a text of more than ${expressionLimits.textLength} characters`,
    )
  }
  if (length > 63) charge(meter, length >> 6)
}
