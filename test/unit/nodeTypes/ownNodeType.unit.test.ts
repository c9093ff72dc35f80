import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { validateDefinition } from '../../../src/domain/graph/validateDefinition.js'
import { define, manual } from '../../support/execution/definitions.js'
import { useEngines } from '../../support/execution/engines.js'
import { engine } from '../../support/execution/pureRun.js'
import { testNodeTypes } from '../../support/execution/testNodeTypes.js'
import { wordCount } from '../../support/execution/wordCount.js'

const engineWith = useEngines()
const nodeTypes = new Map([...testNodeTypes(), [wordCount.type, wordCount]])
const counting = (config: { text?: string; words?: string }) =>
  define({ start: manual, n: { type: 'word.count', config } }, ['start -> n'])

describe('the node type of the documentation', () => {
  it('is this file, seen from its place among the others', async () => {
    const text = await readFile(new URL('../../../docs/node-types.md', import.meta.url), 'utf8')
    const [, documented = ''] = /## A node type of your own.*?```ts\n(.*?)```/s.exec(text) ?? []
    const file = await readFile(new URL('../../support/execution/wordCount.ts', import.meta.url), 'utf8')
    const moved = file.replaceAll("'../../../src/execution/nodeTypes/", "'./").replaceAll("'../../../src/", "'../../")
    expect(moved).toBe(documented)
  })

  it('runs once it is in the list', async () => {
    const workflows = { w: counting({ text: '{{ input.text }} more' }) }
    const { outcome, output } = await engineWith({ workflows, nodeTypes }).run('w', { text: 'two words' })
    expect({ outcome, output }).toEqual({ outcome: 'completed', output: 3 })
  })

  it('is validated by its schema', () => {
    const codesOf = (definition: ReturnType<typeof counting>) =>
      validateDefinition(definition, { nodeTypes, engine, secretNames: new Set() }).map(({ code }) => code)
    expect(codesOf(counting({ text: 'fine' }))).toEqual([])
    expect(codesOf(counting({ words: 'none' }))).toContain('invalid_config')
  })
})
