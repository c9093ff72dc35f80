import { Pool } from 'undici'
import type { Definition } from '../../src/domain/definition.js'
import { idOf } from '../../test/support/execution/definitions.js'
import type { Program } from '../support/program.js'
import { type Figure, measure } from './measure.js'
import type { Workload } from './workloads.js'

/** The whole program over HTTP, on embedded stores with their projections: what is counted has been answered as ended. */
export const runOverHttp = async (program: Program, workload: Workload): Promise<Figure> => {
  const pool = new Pool(program.url, { connections: workload.clients, pipelining: 1 })
  const call = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await pool.request({
      method: 'POST',
      path,
      headers: { 'x-api-key': program.key, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    const text = await response.body.text()
    if (response.statusCode >= 300) throw new Error(`${path} answered ${response.statusCode}: ${text.slice(0, 300)}`)
    return { status: response.statusCode, body: JSON.parse(text) as { id: string; status: string } }
  }
  const publish = async (name: string, { nodes, edges, settings }: Definition): Promise<string> => {
    // Every workload has workflows of its own, so its nodes get ids of their own.
    const fresh = nodes.map(({ id: _, ...node }) => node)
    const keys = new Map(nodes.map(({ id, key }) => [id, key]))
    const named = edges.map(({ sourceNodeId, sourcePort, targetNodeId }) => ({
      sourceNodeId: keys.get(sourceNodeId),
      sourcePort,
      targetNodeId: keys.get(targetNodeId),
    }))
    const { body } = await call('/v1/workflows', { name, nodes: fresh, edges: named, settings })
    await call(`/v1/workflows/${body.id}/versions`, {})
    await call(`/v1/workflows/${body.id}/versions/1/publish`, {})
    return body.id
  }
  try {
    const childId = workload.child === undefined ? undefined : await publish(`${workload.name}, child`, workload.child)
    const text = JSON.stringify(workload.definition).replaceAll(idOf('child'), childId ?? '')
    const id = await publish(workload.name, JSON.parse(text) as Definition)
    return await measure(workload, async () => {
      const { status, body } = await call(
        `/v1/workflows/${id}/executions`,
        { input: workload.input },
        { prefer: 'wait=30' },
      )
      if (status !== 200 || body.status !== 'completed') throw new Error(`a run is ${body.status} (${status})`)
    })
  } finally {
    await pool.close()
  }
}
