/** A step of a JSON pointer (RFC 6901, section 3), with its slash: `a/b` is `/a~1b`. */
export const pointerStep = (key: PropertyKey): string => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`

/** What a step without its slash names: `a~1b` is `a/b`. */
export const stepKey = (step: string): string => step.replaceAll('~1', '/').replaceAll('~0', '~')

/** A JSON pointer of these steps. */
export const pointerOf = (keys: readonly PropertyKey[]): string => keys.map(pointerStep).join('')
