import { z } from 'zod'
import type { PureNodeType } from '../../domain/nodes/behaviour.js'

/** Does nothing and passes its input through: a place for a name, or for an edge to end. */
export const noop: PureNodeType = {
  type: 'noop',
  kind: 'pure',
  description: 'Does nothing.',
  configSchema: z.strictObject({}),
  ports: () => ['out'],
  evaluate: () => ({ ports: ['out'] }),
}
