/** Codes that any change of a workflow may answer. */
export const changeProblems = {
  404: ['workflow_not_found'],
  409: ['workflow_archived', 'concurrent_change'],
  413: ['event_too_large', 'append_too_large'],
} as const

/** Codes of a new workflow with its first nodes and edges. */
export const createProblems = {
  409: ['concurrent_change'],
  413: ['event_too_large', 'append_too_large', 'definition_too_large', 'too_many_nodes', 'too_many_edges'],
  422: ['invalid_definition'],
} as const

/** Codes of changes that touch the graph. */
export const editProblems = {
  404: ['workflow_not_found', 'node_not_found', 'edge_not_found'],
  409: ['workflow_archived', 'concurrent_change', 'duplicate_key', 'duplicate_id'],
  413: ['event_too_large', 'append_too_large', 'definition_too_large', 'too_many_nodes', 'too_many_edges'],
  422: ['dangling_edge', 'invalid_edits', 'invalid_definition'],
} as const
