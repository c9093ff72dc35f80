import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { envExample, withConfigurationTable } from '../../../scripts/docs/configuration.js'

const root = join(import.meta.dirname, '../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

describe('the documents (npm run docs writes them)', () => {
  it('list the configuration as the schema has it', () => {
    expect(read('.env.example')).toBe(envExample())
    const readme = read('README.md')
    expect(withConfigurationTable(readme)).toBe(readme)
  })

  it('start with the commands that package.json and CI have', () => {
    const readme = read('README.md')
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'demo', 'test']))
    expect(readme).toContain('npm ci && npm start')
    expect(readme).toContain('npm ci && npm test')
    expect(read('.ci/run')).toMatch(/^npm ci\nnpm test$/m)
  })
})

describe('the table of control-flow patterns', () => {
  it('has a test for each that it calls supported, of the same name and way, and for no other', () => {
    const table = read('docs/workflow-patterns.md')
    const rows = [...table.matchAll(/^\| (WCP-\d+) +\| .+? +\| (directly|by composition|no) +\|/gm)]
    expect(rows).toHaveLength(20)
    const claimed = rows.filter(([, , way]) => way !== 'no').map(([, number, way]) => [number, way])
    const source = read('test/unit/execution/workflowPatterns.unit.test.ts')
    const tested = [...source.matchAll(/\bit\('(WCP-\d+) [^:']*?(, by composition)?:/g)]
    expect(tested.map(([, number, way]) => [number, way === undefined ? 'directly' : 'by composition'])).toEqual(
      claimed,
    )
  })
})
