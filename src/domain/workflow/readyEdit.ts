import type { Edit } from './edits.js'

/** An edit whose new node or edge has its id, so that deciding it twice comes to the same. */
export type ReadyEdit =
  | Exclude<Edit, { op: 'addNode' | 'addEdge' }>
  | (Extract<Edit, { op: 'addNode' | 'addEdge' }> & { id: string })

export type OpOf<T extends ReadyEdit['op']> = Extract<ReadyEdit, { op: T }>
