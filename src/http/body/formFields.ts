/** The fields of a query or of a form: a text each, or a list of them where a name comes several times, in their order. */
export const formFields = (pairs: URLSearchParams): Record<string, string | string[]> => {
  const fields = new Map<string, string | string[]>()
  for (const [name, value] of pairs) {
    const before = fields.get(name)
    if (Array.isArray(before)) before.push(value)
    else fields.set(name, before === undefined ? value : [before, value])
  }
  return Object.fromEntries(fields)
}
