import type { BlameEntry } from '../../audit/blame.js'
import { shortJson, shortTime, table } from '../terminal/table.js'

export interface Blame {
  readonly revision: number
  readonly items: readonly BlameEntry[]
}

/** `/nodes/<id>/config/url` in its three parts. */
const inPart = /^\/(nodes|edges)\/([^/]+)(\/.*)$/

/** Says where pointers lead by the keys of nodes, by which people know them: `node greet /config/url`. */
const placesOf = (items: Blame['items']): ((pointer: string) => string) => {
  const values = new Map(items.map(({ pointer, value }) => [pointer, String(value)]))
  const keyOf = (nodeId = ''): string => values.get(`/nodes/${nodeId}/key`) ?? nodeId
  const edge = (id: string): string => {
    const member = (name: string) => values.get(`/edges/${id}/${name}`)
    return `${keyOf(member('sourceNodeId'))}.${member('sourcePort')} -> ${keyOf(member('targetNodeId'))}`
  }
  return (pointer) => {
    const [, part, id = '', rest] = inPart.exec(pointer) ?? []
    if (part === undefined) return pointer
    return part === 'nodes' ? `node ${keyOf(id)} ${rest}` : `edge ${edge(id)} ${rest}`
  }
}

export const blameView = ({ items }: Blame): string => {
  const placeOf = placesOf(items)
  return table(
    ['what', 'is', 'was', 'by', 'time', 'revision', 'event'],
    items.map(({ pointer, value, before, actor, at, revision, eventType }) => [
      placeOf(pointer),
      shortJson(value, 40),
      before === undefined ? null : shortJson(before, 40),
      actor.name,
      shortTime(at),
      revision,
      eventType,
    ]),
  )
}
