import { RE2JS } from 're2js'

/** Work that the patterns of one check may do: characters times compiled instructions. */
const patternBudget = 200_000_000
const maxProgram = 1_000

/** An input that takes too long to check. */
export class TooMuchToCheck extends Error {}

interface Patterns {
  /** What Ajv calls where it would use the host's RegExp, which can take exponential time. */
  readonly engine: { (pattern: string, flags: string): { test(text: string): boolean }; code: string }
  /** Begins the budget of a new check. */
  reset(): void
}

/** RE2 patterns for Ajv: linear in the text, and bounded over a whole check. */
export const linearPatterns = (): Patterns => {
  let left = patternBudget
  const engine = (pattern: string): { test(text: string): boolean; toString(): string } => {
    const program = RE2JS.compile(pattern)
    const size = program.programSize()
    if (size > maxProgram) throw new Error(`the pattern is too large: ${pattern}`)
    const test = (text: string): boolean => {
      left -= text.length * size + 1_000
      if (left < 0) throw new TooMuchToCheck('The patterns have too much text to check.')
      return program.matcher(text).find()
    }
    // Ajv takes patterns whose texts are the same for one.
    return { test, toString: () => pattern }
  }
  return {
    engine: Object.assign(engine, { code: 'linearPattern' }),
    reset: () => {
      left = patternBudget
    },
  }
}
