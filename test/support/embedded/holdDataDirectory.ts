import { openDataDirectory } from '../../../src/embedded/dataDirectory/index.js'

// Opens the directory of its first argument and holds it until it is killed.
try {
  await openDataDirectory(process.argv[2] ?? '')
  console.log('open')
  setInterval(() => undefined, 1_000)
} catch (error) {
  console.log(`refused ${JSON.stringify(error instanceof Error ? { ...error, message: error.message } : error)}`)
}
