import { printable } from './print.js'
import { styled } from './style.js'

export type Cell = string | number | boolean | null | undefined

const textOf = (cell: Cell): string => (cell === null || cell === undefined ? '–' : printable(String(cell)))

const pad = (text: string, width: number, right: boolean): string => (right ? text.padStart(width) : text.padEnd(width))

/** Rows under titles; columns of numbers are aligned to the right. */
export const table = (titles: readonly string[], rows: readonly (readonly Cell[])[], empty = 'none'): string => {
  if (rows.length === 0) return empty
  const right = titles.map((_, column) => rows.every((row) => row[column] == null || typeof row[column] === 'number'))
  const texts = [titles, ...rows.map((row) => row.map(textOf))]
  const widths = titles.map((_, column) => Math.max(...texts.map((row) => (row[column] ?? '').length)))
  const lines = texts.map((row) =>
    titles
      .map((_, column) => pad(row[column] ?? '', widths[column] ?? 0, right[column] ?? false))
      .join('  ')
      .trimEnd(),
  )
  return [styled('bold', lines[0] ?? ''), ...lines.slice(1)].join('\n')
}

/** One thing: a name and a value to the line. */
export const fields = (entries: readonly (readonly [name: string, value: Cell])[]): string => {
  const width = Math.max(...entries.map(([name]) => name.length))
  return entries.map(([name, value]) => `${styled('dim', name.padEnd(width))}  ${textOf(value)}`.trimEnd()).join('\n')
}

/** Several blocks, an empty line between them. */
export const blocks = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join('\n\n')

/** `2026-03-01T12:00:00.123Z` without its fractions. */
export const shortTime = (time: string | null): string | null => time?.replace(/\.\d+Z$/, 'Z') ?? null

/** JSON in a line, cut where it gets long. */
export const shortJson = (value: unknown, length = 80): string => {
  const text = JSON.stringify(value) ?? ''
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}
