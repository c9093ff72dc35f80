import { LRUCache } from 'lru-cache'
import { RE2JS } from 're2js'
import { expressionLimits } from '../limits.js'
import { charge, type Meter } from '../meter.js'
import { failed } from './functionSpec.js'

const patterns = new LRUCache<string, RE2JS>({ max: 200 })

const compile = (source: string): RE2JS => {
  const known = patterns.get(source)
  if (known !== undefined) return known
  if (source.length > expressionLimits.patternLength) {
    throw failed(`a pattern has at most ${expressionLimits.patternLength} characters`)
  }
  const pattern = compiled(source)
  if (pattern.programSize() > expressionLimits.patternProgram) throw failed(`the pattern is too large: ${source}`)
  patterns.set(source, pattern)
  return pattern
}

const compiled = (source: string): RE2JS => {
  try {
    return RE2JS.compile(source)
  } catch (error) {
    throw failed(`invalid pattern: ${error instanceof Error ? error.message : source}`)
  }
}

/** Whether the RE2 pattern is found anywhere in the text. Linear in the text, whatever the pattern. */
export const matchesPattern = (text: string, pattern: string, meter: Meter): boolean => {
  if (!patterns.has(pattern)) charge(meter, 1_000)
  const program = compile(pattern)
  charge(meter, Math.ceil((text.length * program.programSize()) / 16))
  return program.matcher(text).find()
}
