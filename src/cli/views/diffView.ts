import type { Changes, TextChange } from '../../audit/changes.js'
import type { DefinitionDiff, NamedEdge } from '../../domain/diff/definitionDiff.js'
import type { FieldChange } from '../../domain/diff/valueDiff.js'
import { printable } from '../terminal/print.js'
import { shortJson } from '../terminal/table.js'

const changeLine = (place: string, change: FieldChange): string => {
  const where = `${place}${change.pointer}`
  if (change.op === 'add') return `~ ${where}: set to ${shortJson(change.after)}`
  if (change.op === 'remove') return `~ ${where}: was ${shortJson(change.before)}, is gone`
  return `~ ${where}: ${shortJson(change.before)} -> ${shortJson(change.after)}`
}

const at = ({ x, y }: { readonly x: number; readonly y: number }): string => `${x}, ${y}`

const edgeName = ({ sourceKey, sourcePort, targetKey }: NamedEdge): string =>
  `${sourceKey}.${sourcePort} -> ${targetKey}`

/** What a workflow is called and said to be, where that is another thing than before. */
type Texts = Partial<Pick<Changes, 'name' | 'description'>>

const textLines = (name: keyof Texts, change: TextChange | null | undefined): string[] => {
  if (!change) return []
  const was = change.before === null ? 'set to' : `${shortJson(change.before)} ->`
  return [`~ ${name}: ${was} ${shortJson(change.after)}`]
}

/** Between which revisions; -1 is before the first. */
export const spanView = ({ from, to }: Pick<Changes, 'from' | 'to'>): string =>
  from < 0 ? `from nothing to revision ${to}` : `from revision ${from} to ${to}`

/** A line per difference: `+` added, `-` removed, `~` changed, `>` moved. */
export const diffView = ({ nodes, edges, settings }: DefinitionDiff, { name, description }: Texts = {}): string => {
  const lines = [
    ...textLines('name', name),
    ...textLines('description', description),
    ...nodes.added.map(({ key, type }) => `+ node ${key} (${type})`),
    ...nodes.removed.map(({ key, type }) => `- node ${key} (${type})`),
    ...nodes.changed.flatMap(({ key, changes }) => changes.map((change) => changeLine(`node ${key} `, change))),
    ...nodes.moved.map(({ key, from, to }) => `> node ${key}: ${at(from)} -> ${at(to)}`),
    ...edges.added.map((edge) => `+ edge ${edgeName(edge)}`),
    ...edges.removed.map((edge) => `- edge ${edgeName(edge)}`),
    ...edges.changed.flatMap(({ sourceKey, targetKey, changes }) =>
      changes.map((change) => changeLine(`edge ${sourceKey} -> ${targetKey} `, change)),
    ),
    ...settings.map((change) => changeLine('settings ', change)),
  ]
  return lines.length === 0 ? 'no difference' : lines.map(printable).join('\n')
}
