import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { allCommands, createProgram } from '../../../src/cli/program.js'

const text = readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8')
/** What stands in backticks; `…` goes on with the command before it. */
const documented = [...text.matchAll(/`((?:flowledger|…) [^`]+)`/g)].map(([, command = '']) => command)
const shared = new Set(['--url', '--api-key', '--limit', '--cursor', '--if-revision'])

const leaves = allCommands(createProgram()).filter(({ commands }) => commands.length === 0)
const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
const signatureOf = (command: Command): string =>
  [nameOf(command), command.usage().replace('[options]', '').trim()].join(' ').trim()

const isAbout = (line: string, name: string): boolean => line === name || line.startsWith(`${name} `)

describe('docs/cli.md', () => {
  it.each(leaves.map((command) => [nameOf(command), command] as const))('has %s as it is', (name, command) => {
    const start = documented.findIndex((line) => isAbout(line, name))
    expect(start).toBeGreaterThanOrEqual(0)
    expect(documented[start]).toContain(signatureOf(command))
    const about = documented
      .filter((line, index) => isAbout(line, name) || (index === start + 1 && line.startsWith('…')))
      .join(' ')
    const isList = command.options.some(({ long }) => long === '--cursor')
    const missing = command.options
      .filter(({ long }) => !shared.has(long ?? '') && !(isList && long === '--all'))
      .filter(({ long }) => !(long === '--json' && command.options.some((option) => option.long === '--url')))
      .map(({ flags }) => flags)
      .filter((flags) => !about.includes(flags))
    expect(missing).toEqual([])
  })

  it('has no command and no option that is not there', () => {
    const strangers = documented
      .filter((line) => line.startsWith('flowledger'))
      .filter((line) => {
        const command = leaves.find((leaf) => isAbout(line, nameOf(leaf)))
        const known = new Set(command?.options.map(({ long }) => long))
        return command === undefined || [...line.matchAll(/--[a-z-]+/g)].some(([option]) => !known.has(option))
      })
    expect(strangers).toEqual([])
  })
})
