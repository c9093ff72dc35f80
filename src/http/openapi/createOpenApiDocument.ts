import {
  createDocument,
  type oas31,
  type ZodOpenApiOverride,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi'
import { scopes } from '../../domain/events/catalogue/apiKeys.js'
import type { NodeTypes } from '../../domain/nodes/nodeType.js'
import { problemSchema } from '../problems/problem.js'
import { type Route, tags } from '../routing/route.js'
import { headerComponents, parameterComponents } from './headerSpecs.js'
import { nodeTypePalette, nodeTypeSchemas } from './nodeTypeSchemas.js'
import { operationOf, type SharedResponses } from './operation.js'

export type OpenApiDocument = oas31.OpenAPIObject

const description = `Workflows as event streams: draw a graph, save versions, publish one, start executions.

Refusals are problem documents (RFC 9457) with a stable \`code\`. Reads and command answers carry an \`ETag\`: send it as
\`If-Match\` with a change. Command answers carry \`X-Consistency-Token\`: send it with a read to see what the command did.
Every POST that changes something honours \`Idempotency-Key\`.

Scopes of API keys: ${scopes.map((scope) => `\`${scope}\``).join(', ')}.`

const pathsOf = (routes: readonly Route[], shared: SharedResponses): ZodOpenApiPathsObject => {
  const paths: ZodOpenApiPathsObject = {}
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, shared) }
  return paths
}

/** `readOnly` of OpenAPI is about requests; what zod's `readonly()` says is about code. */
const withoutReadOnly: ZodOpenApiOverride = ({ jsonSchema }) => {
  delete jsonSchema.readOnly
}

/** The OpenAPI 3.1 document of these routes, with a config schema for each node type. */
export const createOpenApiDocument = (
  routes: readonly Route[],
  { version, nodeTypes }: { version: string; nodeTypes: NodeTypes },
): OpenApiDocument => {
  const responses: Record<string, ZodOpenApiResponseObject> = {}
  const share = (name: string, response: ZodOpenApiResponseObject): oas31.ReferenceObject => {
    responses[name] = response
    return { $ref: `#/components/responses/${name}` }
  }
  const paths = pathsOf(routes, { share })
  return createDocument(
    {
      openapi: '3.1.1',
      info: { title: 'Flowledger', version, description },
      servers: [{ url: '/' }],
      tags: tags.map((name) => ({ name })),
      paths,
      components: {
        securitySchemes: {
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          bearer: { type: 'http', scheme: 'bearer', description: 'The API key as a bearer token' },
        },
        headers: headerComponents,
        parameters: parameterComponents,
        responses,
        schemas: { Problem: problemSchema, ...nodeTypeSchemas(nodeTypes) },
      },
      'x-flowledger-node-types': nodeTypePalette(nodeTypes),
    },
    { override: withoutReadOnly },
  )
}
