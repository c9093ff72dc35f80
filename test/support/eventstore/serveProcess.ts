import { startEmbeddedEventStore } from '../../../src/embedded/eventstore/index.js'

/** Serves a directory in a process of its own, which a test can kill: `serveProcess <directory> <port> <key>`. */
const [directory = '', port = '0', accessKey = ''] = process.argv.slice(2)
const store = await startEmbeddedEventStore({ directory, port: Number(port), accessKey })
process.stdout.write(`${store.port}\n`)
