import { z } from 'zod'
import type { JsonObject, JsonValue } from './json.js'

/** Any JSON value. Depth and forbidden keys are checked once, where a request enters (http), not at every read. */
export const jsonValueSchema = z.json() as unknown as z.ZodType<JsonValue>
export const jsonObjectSchema = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>
