// Writes what is derived from the source: .env.example and the README's configuration table.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { envExample, withConfigurationTable } from './configuration.js'

const root = join(import.meta.dirname, '../..')
const readme = join(root, 'README.md')

writeFileSync(join(root, '.env.example'), envExample())
writeFileSync(readme, withConfigurationTable(readFileSync(readme, 'utf8')))
