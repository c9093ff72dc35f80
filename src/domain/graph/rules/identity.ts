import type { Finding } from '../../findings.js'
import { edgePlace, error, nodePlace, type Rule } from './context.js'

/** The values that came before, one after the other. */
const repeats = <T>(items: readonly T[], nameOf: (item: T) => string): { item: T; index: number }[] => {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    const value = nameOf(item)
    if (seen.has(value)) return [{ item, index }]
    seen.add(value)
    return []
  })
}

/** `duplicate_id`, `duplicate_key`: at each that is not the first of its name. */
export const identityRule: Rule = ({ definition: { nodes, edges } }): Finding[] => [
  ...repeats(nodes, ({ id }) => id).map(({ item, index }) =>
    error('duplicate_id', `Another node has the id ${item.id}.`, nodePlace(item, `/nodes/${index}/id`)),
  ),
  ...repeats(nodes, ({ key }) => key).map(({ item, index }) =>
    error('duplicate_key', `Another node has the key ${item.key}.`, nodePlace(item, `/nodes/${index}/key`)),
  ),
  ...repeats(edges, ({ id }) => id).map(({ item, index }) =>
    error('duplicate_id', `Another edge has the id ${item.id}.`, edgePlace(item, `/edges/${index}/id`)),
  ),
]
