/** A path of the API whose parts are what they are, whatever characters they hold. */
export const path = (template: TemplateStringsArray, ...parts: readonly (string | number)[]): string =>
  template.reduce((text, literal, index) => text + encodeURIComponent(parts[index - 1] ?? '') + literal)

type Query = Readonly<Record<string, string | number | undefined>>

/** Adds what is there of a query. */
export const withQuery = (target: string, query: Query): string => {
  const fields = Object.entries(query).filter((field): field is [string, string | number] => field[1] !== undefined)
  const text = new URLSearchParams(Object.fromEntries(fields.map(([name, value]) => [name, String(value)]))).toString()
  return text === '' ? target : `${target}?${text}`
}

/** A moment after every event: what is as of then is folded from the log, so no read model that lags behind is asked. */
export const newest = '9999-12-31T23:59:59Z'
