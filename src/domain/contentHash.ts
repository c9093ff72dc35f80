import { hash } from 'node:crypto'
import { canonicalJson } from './canonicalJson.js'
import type { Definition } from './definition.js'

const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
  a.id < b.id ? -1 : a.id > b.id ? 1 : 0

/**
 * SHA-256 (hex) of what a definition means: where a node sits, the order of nodes and edges, and the order of keys do not
 * count.
 */
export const contentHash = ({ nodes, edges, settings }: Definition): string => {
  const meaning = {
    nodes: [...nodes].sort(byId).map(({ id, key, type, config, policy }) => ({ id, key, type, config, policy })),
    edges: [...edges].sort(byId),
    settings,
  }
  return hash('sha256', canonicalJson(meaning), 'hex')
}
