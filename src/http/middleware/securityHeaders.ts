import type { RequestHandler } from 'express'
import helmet from 'helmet'

/** helmet with a policy for an API; HSTS is the business of whoever terminates TLS. */
export const securityHeaders = (): RequestHandler =>
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    strictTransportSecurity: false,
    crossOriginResourcePolicy: { policy: 'same-origin' },
  })
