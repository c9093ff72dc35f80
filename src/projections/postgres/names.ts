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
