const pattern = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/

/** The trace id of a W3C traceparent, undefined where the header is missing or invalid (then it is ignored). */
export const traceIdOf = (traceparent: string | undefined): string | undefined => {
  if (traceparent === undefined || traceparent.length !== 55 || traceparent.startsWith('ff')) return undefined
  const match = pattern.exec(traceparent)
  return match?.[1] === undefined || /^0+$/.test(match[1]) || /^0+$/.test(match[2] ?? '') ? undefined : match[1]
}
