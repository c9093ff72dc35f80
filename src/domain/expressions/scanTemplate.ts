/** A part of a template string: text as it stands, or the source of an expression (trimmed, without its braces). */
export type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly source: string }
  /** `{{` that is never closed. `source` is what follows it. */
  | { readonly kind: 'unclosed'; readonly source: string }

/**
 * Splits a config string at its `{{ expression }}`s. `\{{` stands for a literal `{{`. Braces and quotes inside an
 * expression are understood, so that `{{ {"a": {"b": "}}"}} }}` is one expression.
 */
export const scanTemplate = (text: string): readonly Segment[] => {
  const segments: Segment[] = []
  let literal = ''
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('{{', at)
    if (open < 0) break
    if (open > 0 && text[open - 1] === '\\' && open - 1 >= at) {
      literal += `${text.slice(at, open - 1)}{{`
      at = open + 2
      continue
    }
    literal += text.slice(at, open)
    if (literal !== '') segments.push({ kind: 'text', text: literal })
    literal = ''
    const close = endOfExpression(text, open + 2)
    if (close < 0) return [...segments, { kind: 'unclosed', source: text.slice(open + 2) }]
    segments.push({ kind: 'expression', source: text.slice(open + 2, close).trim() })
    at = close + 2
  }
  literal += text.slice(at)
  if (literal !== '') segments.push({ kind: 'text', text: literal })
  return segments
}

/** The offset of the `}}` that closes an expression which begins at `start`, or -1. */
const endOfExpression = (text: string, start: number): number => {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (character === '"' || character === "'") {
      at = endOfString(text, at)
      if (at < 0) return -1
    } else if (character === '{') depth++
    else if (character === '}') {
      if (depth > 0) depth--
      else return text[at + 1] === '}' ? at : -1
    }
  }
  return -1
}

/** The offset of the last quote of the CEL string literal whose first quote is at `start`, or -1. */
const endOfString = (text: string, start: number): number => {
  const quote = text.charAt(start)
  const raw = /[rR]/.test(text.charAt(start - 1)) && !/\w/.test(text.charAt(start - 2))
  const triple = text.startsWith(quote.repeat(3), start)
  const end = triple ? quote.repeat(3) : quote
  for (let at = start + end.length; at < text.length; at++) {
    if (text[at] === '\\' && !raw) at++
    else if (text.startsWith(end, at)) return at + end.length - 1
  }
  return -1
}
