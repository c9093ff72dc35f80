/** Where the read side lives in its database. Tests give each case its own. */
export interface SchemaNames {
  /** Checkpoints, generations, rebuilds, dead letters. */
  readonly control: string
  /** The views that readers use. */
  readonly read: string
  /** Goes before the names of the generations' schemas. */
  readonly prefix: string
}

export const defaultSchemas: SchemaNames = { control: 'flowledger', read: 'read', prefix: '' }

/** Isolated from the default, for tests. */
export const schemasNamed = (name: string): SchemaNames => ({
  control: `${name}_control`,
  read: `${name}_read`,
  prefix: `${name}_`,
})

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const generationSchema = (names: SchemaNames, projection: string, generation: number): string =>
  `${names.prefix}${projection}_g${generation}`

/** Those who watch rebuilds listen here; the payload is the rebuild's id. */
export const rebuildChannel = (names: SchemaNames): string => `${names.control}_rebuilds`
/** The projector listens here; the payload is the projection's name. */
export const requestChannel = (names: SchemaNames): string => `${names.control}_requests`

/** Rebuilds listen here; the payload is how much was read in the last second, by one of the processes that answer. */
export const readsChannel = (names: SchemaNames): string => `${names.control}_reads`

/** Who waits for a projection listens here; the payload is `<projection> <position>`. */
export const progressChannel = (names: SchemaNames): string => `${names.control}_progress`
