import { z } from 'zod'
import { invalid } from '../../domain/errors.js'
import type { JsonObject } from '../../domain/json.js'
import { jsonObjectSchema } from '../../domain/jsonSchema.js'
import type { TriggerNodeType } from '../../domain/nodes/behaviour.js'
import { sentence } from '../../domain/sentence.js'
import { type CompiledInputSchema, compileInputSchema } from './inputSchema/compileInputSchema.js'

const compiledSchemas = new WeakMap<JsonObject, CompiledInputSchema>()

const compiled = (schema: JsonObject): CompiledInputSchema => {
  const known = compiledSchemas.get(schema)
  if (known !== undefined) return known
  const fresh = compileInputSchema(schema)
  compiledSchemas.set(schema, fresh)
  return fresh
}

const inputSchemaSchema = jsonObjectSchema.superRefine((schema, context) => {
  const result = compiled(schema)
  if ('problem' in result)
    context.addIssue({ code: 'custom', message: sentence(`It is not a usable JSON Schema: ${result.problem}`) })
})

/** Starts a run when the API is asked to. An input that does not match `inputSchema` is refused. */
export const manualTrigger: TriggerNodeType = {
  type: 'trigger.manual',
  kind: 'trigger',
  description: 'Starts a run when it is asked for.',
  configSchema: z.strictObject({ inputSchema: inputSchemaSchema.optional() }),
  ports: () => ['out'],
  // A schema is data: braces in its texts are no templates.
  opaqueFields: ['inputSchema'],
  checkInput: (config, input) => {
    if (config.inputSchema === undefined) return
    const schema = compiled(config.inputSchema as JsonObject)
    if ('problem' in schema)
      throw invalid('invalid_input', sentence(`The trigger's input schema is not usable: ${schema.problem}`))
    const errors = schema.check(input)
    if (errors.length > 0) throw invalid('invalid_input', 'The input does not match what the trigger asks for.', errors)
  },
}
