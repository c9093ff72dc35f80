import type { Finding } from '../../findings.js'
import { error, nodePlace, type Rule } from './context.js'

/** `subworkflow_missing`, `subworkflow_recursion`, for the workflows that a config names literally. */
export const subworkflowRule: Rule = ({ typed, context: { subworkflows, workflowId } }): Finding[] =>
  [...typed.values()].flatMap(({ node, pointer, type }) => {
    const reference = type.subworkflow?.(node.config)
    if (!reference) return []
    const place = nodePlace(node, `${pointer}/config/workflowId`)
    const recursion = error('subworkflow_recursion', `Node ${node.key} starts the workflow that it is part of.`, place)
    if (reference.workflowId === workflowId) return [recursion]
    if (!subworkflows) return []
    const known = subworkflows(reference)
    if (!known) {
      const what = reference.version === undefined ? 'published version' : `version ${reference.version}`
      return [error('subworkflow_missing', `Workflow ${reference.workflowId} has no ${what}.`, place)]
    }
    return workflowId !== undefined && known.starts.has(workflowId) ? [recursion] : []
  })
