import { createRequire } from 'node:module'

/** The reference implementation of RFC 8785; its types describe another module format than it has. */
export const canonicalize = createRequire(import.meta.url)('canonicalize') as (value: unknown) => string | undefined
