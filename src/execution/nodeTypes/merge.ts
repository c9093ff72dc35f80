import { z } from 'zod'
import type { PureNodeType } from '../../domain/nodes/behaviour.js'

/** Joins branches; its join policy says when it runs. Passes its input through. */
export const merge: PureNodeType = {
  type: 'merge',
  kind: 'pure',
  description: 'Brings branches together, as its join policy says.',
  configSchema: z.strictObject({}),
  ports: () => ['out'],
  evaluate: () => ({ ports: ['out'] }),
}
