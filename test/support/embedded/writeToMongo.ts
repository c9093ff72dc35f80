import { MongoClient } from 'mongodb'
import { startEmbeddedMongo } from '../../../src/embedded/mongo/index.js'

// Starts the server in the directory of its first argument and lets eight clients write until it is killed.
const mongo = await startEmbeddedMongo({ directory: process.argv[2] ?? '' })
const client = await new MongoClient(mongo.connectionString).connect()
const written = client.db().collection<{ _id: number; n: number; writer: number }>('written')
await written.createIndex({ n: -1 })
await written.createIndex({ writer: 1, n: 1 }, { unique: true })
const write = async (writer: number): Promise<void> => {
  for (let n = 0; ; n++) {
    const _id = writer * 1_000_000 + n
    await written.insertOne({ _id, n, writer })
    await written.updateOne({ _id }, { $set: { n: n + 0.5 } })
    console.log(`acknowledged ${_id}`)
  }
}
await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)))
