import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../domain/json.js'

/** Any JSON. What JSON may hold was checked when the body was read, so it isn't walked again. */
export const jsonSchema = z.unknown().meta({ description: 'Any JSON value' }) as unknown as z.ZodType<JsonValue>
export const jsonObject = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>

export const idSchema = z.uuid()
export const timeSchema = z.iso.datetime().meta({ description: 'ISO 8601, UTC' })
export const positionSchema = z
  .string()
  .regex(/^\d{1,20}$/)
  .meta({ description: 'A position of the log: opaque, a decimal string' })
export const revisionSchema = z.int().min(0).meta({ description: "The stream's revision, from 0" })

/** What ISO 8601 writes with four digits and every store can hold; what is no time at all is refused as that. */
const isStorable = (time: number): boolean => !(time < Date.parse('0001-01-01') || time >= Date.parse('+010000-01-01'))

/** A moment in a query: ISO 8601 with Z or an offset. */
export const queryTime = z.iso
  .datetime({ offset: true })
  .refine((text) => isStorable(Date.parse(text)), { error: 'The year must be from 1 to 9999, in UTC.' })

/** An id in a path: streams are named by it in small letters, however it is written. */
export const pathId = z.uuid().toLowerCase()
export const idParams = z.object({ id: pathId })

/** A body that says nothing; it may be left out. */
export const emptyBody = z.strictObject({})
export const reasonBody = z.strictObject({ reason: z.string().max(2_000).optional() })

/** A reason that must be given; it stays in the log. */
export const whySchema = z.string().max(2_000).regex(/\S/, 'It must say why.')

export const limitQuery = z.coerce.number({ error: 'It must be a whole number.' }).int().min(1).max(200).default(50)
/** Query parameters of every list. */
export const pageQuery = { limit: limitQuery, cursor: z.string().min(1).max(1_024).optional() }

/** A page of a list. `nextCursor` is null on the last one. */
export const pageOf = <S extends z.ZodType>(items: S) =>
  z.object({ items: z.array(items), nextCursor: z.string().nullable() })
