import { variables } from '../../src/config.js'

const entries = Object.entries(variables) as [string, { default: string; description: string; secret?: boolean }][]

/** `.env.example`: every variable of the schema with its default, commented out. */
export const envExample = (): string =>
  [
    '# Every variable that Flowledger reads, with its default. Copy to .env for docker compose, or export what you need.',
    '',
    ...entries.flatMap(([name, variable]) => [
      `# ${variable.description}.${variable.secret ? ` ${name}_FILE names a file that holds it instead.` : ''}`,
      `#${name}=${variable.default}`,
      '',
    ]),
    '# Only docker-compose.yml reads these: the passwords of the two databases it starts.',
    '#POSTGRES_PASSWORD=',
    '#MONGO_PASSWORD=',
    '',
  ].join('\n')

const table = (): string =>
  [
    '| variable | default | what |',
    '|---|---|---|',
    ...entries.map(([name, variable]) => {
      const fallback = variable.default === '' ? '–' : `\`${variable.default}\``
      return `| \`${name}\`${variable.secret ? ` (or \`${name}_FILE\`)` : ''} | ${fallback} | ${variable.description} |`
    }),
  ].join('\n')

const start = '<!-- configuration -->'
const end = '<!-- /configuration -->'

/** The README with its configuration table made anew. Throws where it has no place for it. */
export const withConfigurationTable = (readme: string): string => {
  const from = readme.indexOf(start)
  const to = readme.indexOf(end)
  if (from < 0 || to < from) throw new Error(`README.md has no ${start} … ${end}`)
  return `${readme.slice(0, from + start.length)}\n${table()}\n${readme.slice(to)}`
}
