/** The members that are there: JSON never says `undefined`, so neither does what was parsed from it. */
export type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Tells the type checker what JSON guarantees: an optional member is there with a value, or not at all. */
export const present = <T extends object>(parsed: T): Present<T> => parsed as Present<T>
