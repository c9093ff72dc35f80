/** Where the documents live. */
export interface MongoNames {
  readonly database: string
  /** Goes before every collection's name; tests give each case its own. */
  readonly prefix: string
}

export const defaultMongoNames: MongoNames = { database: 'flowledger', prefix: '' }

export const collectionOf = (names: MongoNames, table: string, generation: number): string =>
  `${names.prefix}${table}_g${generation}`

/** One document per projection: `{ _id: <name>, active: <generation> }`. Readers find their collection by it. */
export const pointerCollection = (names: MongoNames): string => `${names.prefix}projection_pointers`
export const generationCollection = (names: MongoNames): string => `${names.prefix}projection_generations`
export const deadLetterCollection = (names: MongoNames): string => `${names.prefix}projection_dead_letters`
