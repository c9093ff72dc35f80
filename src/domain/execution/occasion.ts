import type { Actor } from '../events/metadata.js'

/** When and by whom an event happened: all that a fold takes of its metadata. */
export interface Occasion {
  readonly at: string
  readonly actor: Actor
}
