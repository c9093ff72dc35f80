import { NodeFailure } from '../../domain/nodes/behaviour.js'
import { capacityClass } from '../../domain/nodes/threadTurn.js'

/** The failure of work that never got a thread. */
export const noFreeThread = (message: string): NodeFailure =>
  new NodeFailure({ class: capacityClass, code: 'no_free_thread', message })
