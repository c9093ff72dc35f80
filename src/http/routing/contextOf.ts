import type { Response } from 'express'
import type { RequestContext } from './requestContext.js'

/** The context that the first middleware made for this request. */
export const contextOf = (response: Response): RequestContext => response.locals.context as RequestContext
