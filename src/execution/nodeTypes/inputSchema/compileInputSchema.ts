import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormatsModule, { type FormatName } from 'ajv-formats'
import type { InputError } from '../../../domain/errors.js'
import type { JsonObject, JsonValue } from '../../../domain/json.js'
import { sentence } from '../../../domain/sentence.js'
import { boundSchema } from './boundSchema.js'
import { linearPatterns, TooMuchToCheck } from './linearPatterns.js'
import { uniqueItems } from './uniqueItems.js'

/** All that is wrong with an input (the first finding only, when schema and input are large). */
export type InputCheck = (input: JsonValue) => readonly InputError[]
export type CompiledInputSchema = { readonly problem: string } | { readonly check: InputCheck }

const formats: FormatName[] = [
  'date',
  'time',
  'date-time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uri',
  'uuid',
]

/** Values of the input times subschemas: beyond the first nothing is checked, up to the second all errors are listed. */
const maxWork = 5_000_000
const workForAllErrors = 100_000

// The default export of a CommonJS module that names itself twice.
const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default

const patterns = linearPatterns()

const createAjv = (allErrors: boolean): Ajv2020 => {
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors,
    ownProperties: true,
    logger: false,
    code: { regExp: patterns.engine },
  })
  addFormats(ajv, { mode: 'fast', formats })
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword(uniqueItems)
  return ajv
}

const once = <Value>(create: () => Value): (() => Value) => {
  let value: Value | undefined
  return () => {
    value ??= create()
    return value
  }
}

// Making one takes longer than compiling most schemas; nothing is made before the first schema is there.
const firstError = once(() => createAjv(false))
const allErrors = once(() => createAjv(true))

const compile = (ajv: Ajv2020, schema: JsonObject): ValidateFunction => {
  try {
    return ajv.compile(schema)
  } finally {
    // Ajv would keep every schema that it ever saw.
    ajv.removeSchema(schema)
  }
}

/** A JSON Schema (2020-12) of a user's. It is bounded before it is compiled, and cannot refer to anything outside. */
export const compileInputSchema = (schema: JsonObject): CompiledInputSchema => {
  const bound = boundSchema(schema)
  if ('problem' in bound) return bound
  try {
    const first = compile(firstError(), schema)
    const all = compile(allErrors(), schema)
    return { check: (input) => check(input, bound.subschemas, first, all) }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'not a JSON Schema' }
  }
}

const check = (
  input: JsonValue,
  subschemas: number,
  first: ValidateFunction,
  all: ValidateFunction,
): readonly InputError[] => {
  const work = subschemas * countValues(input, maxWork)
  if (work > maxWork)
    return [{ pointer: '', code: 'too_large', detail: 'It is too large to be checked with this schema.' }]
  const validate = work > workForAllErrors ? first : all
  patterns.reset()
  try {
    return validate(input) ? [] : (validate.errors ?? []).slice(0, 100).map(asInputError)
  } catch (error) {
    if (error instanceof TooMuchToCheck) return [{ pointer: '', code: 'too_large', detail: error.message }]
    throw error
  }
}

const asInputError = ({ instancePath, keyword, message, params }: ErrorObject): InputError => ({
  pointer: keyword === 'required' ? `${instancePath}/${escapeStep(String(params.missingProperty))}` : instancePath,
  code: keyword,
  detail: sentence((message ?? 'It does not match the schema').replace(/^must\b/, 'It must')),
})

const escapeStep = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

const countValues = (value: JsonValue, limit: number): number => {
  if (value === null || typeof value !== 'object') return 1
  let count = 1
  for (const item of Object.values(value)) {
    if (count > limit) break
    count += countValues(item, limit - count)
  }
  return count
}
