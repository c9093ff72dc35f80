import { Client } from 'pg'
import { startEmbeddedPostgres } from '../../../src/embedded/postgres/index.js'

// Starts PostgreSQL in the directory of its first argument and writes rows, one commit each, until it is killed.
const postgres = await startEmbeddedPostgres({ directory: process.argv[2] ?? '' })
const client = new Client({ connectionString: postgres.connectionString })
await client.connect()
await client.query('CREATE TABLE IF NOT EXISTS numbers (n int PRIMARY KEY)')
console.log(`server ${postgres.pid}`)
for (let n = 0; ; n++) {
  await client.query('INSERT INTO numbers VALUES ($1)', [n])
  console.log(`committed ${n}`)
}
