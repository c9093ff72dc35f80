import type { PureNodeType, TriggerNodeType, WaitNodeType } from '../../domain/nodes/behaviour.js'
import { condition } from './condition.js'
import { delay } from './delay.js'
import { fail } from './fail.js'
import { manualTrigger } from './manualTrigger.js'
import { map } from './map.js'
import { merge } from './merge.js'
import { noop } from './noop.js'
import { scheduleTrigger } from './scheduleTrigger.js'
import { signal } from './signal.js'
import { subworkflow } from './subworkflow.js'
import { switchNode } from './switch.js'
import { transform } from './transform.js'
import { webhookTrigger } from './webhookTrigger.js'

/** Node types that need no service. A worker thread evaluates them as well as the process that decides runs. */
export const pureTypes: readonly PureNodeType[] = [transform, condition, switchNode, merge, noop, fail]
export const waitTypes: readonly WaitNodeType[] = [delay, signal, subworkflow, map]
export const triggerTypes: readonly TriggerNodeType[] = [manualTrigger, webhookTrigger, scheduleTrigger]
