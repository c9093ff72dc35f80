import type { z } from 'zod'

/** Every version of an event ever written: `schemas[0]` is version 1, `upcasts[i]` makes version i + 2 of version i + 1. */
export interface EventType<Current extends z.ZodType = z.ZodType> {
  current: Current
  schemas: readonly z.ZodType[]
  upcasts: readonly ((data: never) => unknown)[]
}

/** An event type that still has its first shape. */
export const first = <S extends z.ZodType>(schema: S): EventType<S> => ({
  current: schema,
  schemas: [schema],
  upcasts: [],
})
