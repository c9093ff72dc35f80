// The API's document, from the routes and the node types. Run, it writes openapi.json: node --import tsx scripts/openapi.ts
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createNodeTypes } from '../src/execution/nodeTypes/registry.js'
import { createOutboundHttp } from '../src/execution/outbound/outboundHttp.js'
import { createCodeSandbox } from '../src/execution/sandbox/codeSandbox.js'
import { createOpenApiDocument, type OpenApiDocument } from '../src/http/openapi/createOpenApiDocument.js'
import { routes } from '../src/http/routes/index.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string }

/** What `/openapi.json` answers: nothing is started or sent, the node types are only described. */
export const currentDocument = (): OpenApiDocument => {
  const nodeTypes = createNodeTypes({ http: createOutboundHttp(), sandbox: createCodeSandbox() })
  return createOpenApiDocument(routes, { version, nodeTypes })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = `${root}openapi.json`
  writeFileSync(file, `${JSON.stringify(currentDocument(), null, 2)}\n`)
  const { status } = spawnSync(`${root}node_modules/.bin/biome`, ['format', '--write', file], { stdio: 'inherit' })
  process.exitCode = status ?? 1
}
