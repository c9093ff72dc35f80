import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClient } from '../../../src/cli/client.js'
import { followEvents } from '../../../src/cli/execution/events.js'
import { run } from '../../../src/cli/run.js'

const said = { stdout: '', stderr: '' }
for (const name of ['stdout', 'stderr'] as const) {
  vi.spyOn(process[name], 'write').mockImplementation((text) => {
    said[name] += String(text)
    return true
  })
}

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  said.stdout = ''
  said.stderr = ''
})

const listen = async (handle: RequestListener): Promise<string> => {
  const listening = createServer(handle).listen(0, '127.0.0.1')
  server = listening
  await new Promise((resolve) => listening.once('listening', resolve))
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
}

const answers =
  (answer: (path: string) => unknown): RequestListener =>
  (request, response) => {
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer(request.url ?? '')))
  }

const verification = { equal: true, position: '5', method: 'refold', rows: {}, differences: [], sampledStreams: 1 }
const rebuild = {
  id: '00000000-0000-7000-8000-000000000000',
  projection: 'workflows',
  state: 'replaying',
  progress: 0.5,
  verification: null,
}
const flags = (url: string) => ['--url', url, '--api-key', 'k']

describe('beginning rebuilds', () => {
  it('begins none where one of several projections is not there', async () => {
    const changes: string[] = []
    const url = await listen((request, response) => {
      if (request.method !== 'GET') changes.push(request.url ?? '')
      const isThere = request.url?.startsWith('/v1/projections/workflows')
      response.statusCode = isThere ? 200 : 404
      answers(() =>
        isThere ? rebuild : { code: 'projection_not_found', title: 'None', status: 404, detail: 'None.' },
      )(request, response)
    })
    const ended = await run(['projections', 'rebuild', 'workflows', 'nope', '--detach', ...flags(url)])
    expect([ended, changes]).toEqual([1, []])
    expect(said.stderr).toContain('None.')
  })
})

describe('watching a rebuild', () => {
  it('ends at Ctrl-C with what goes on and how to take it up again, and leaves the rebuild alone', async () => {
    const changes: string[] = []
    const url = await listen((request, response) => {
      if (request.method !== 'GET') changes.push(request.method ?? '')
      answers((path) => (path.endsWith('/rebuilds') ? { items: [rebuild], nextCursor: null } : rebuild))(
        request,
        response,
      )
    })
    const ended = run(['projections', 'watch', 'workflows', ...flags(url)])
    await vi.waitFor(() => expect(said.stdout).toContain('replaying'), { timeout: 30_000 })
    process.emit('SIGINT')
    expect(await ended).toBe(130)
    expect(said.stderr).toContain('goes on in the server: flowledger projections watch|pause|cancel workflows')
    expect(changes).toEqual([])
    expect(process.listenerCount('SIGINT')).toBe(0)
  })

  it('ends at Ctrl-C also where the server has stopped answering, and says how to go on with each of several', async () => {
    let asked = 0
    const url = await listen((request, response) => {
      const isRun = request.url?.includes('/rebuilds/')
      // Of all that is asked after the beginning nothing is answered.
      if (isRun) asked += 1
      else answers((path) => ({ ...rebuild, projection: path.split('/')[3] }))(request, response)
    })
    const ended = run(['projections', 'rebuild', 'workflows', 'secrets', ...flags(url)])
    await vi.waitFor(() => expect(asked).toBe(2), { timeout: 30_000 })
    process.emit('SIGINT')
    expect(await ended).toBe(130)
    expect(said.stderr).toBe(
      'flowledger: the rebuilds of workflows, secrets go on in the server: flowledger projections watch|pause|cancel <projection>\n',
    )
  })

  it.each([
    [{ state: 'failed' }, 'the rebuild of workflows failed'],
    [{ state: 'cancelled' }, 'the rebuild of workflows was cancelled'],
    [
      { state: 'failed', verification: { ...verification, equal: false } },
      'the rebuild of workflows failed, its live rows stay; if they are wrong and the log is right: flowledger projections rebuild workflows --on-difference swap',
    ],
  ])('fails where it came to %j, after a line of JSON for each change', async (end, line) => {
    let asked = 0
    const url = await listen(
      answers((path) => {
        if (!path.includes('/rebuilds/')) return rebuild
        asked += 1
        return asked === 1 ? rebuild : { ...rebuild, ...end }
      }),
    )
    expect(await run(['projections', 'rebuild', 'workflows', ...flags(url)])).toBe(1)
    const states = said.stdout.trim().split('\n')
    expect(states.map((text) => JSON.parse(text).state)).toEqual(['replaying', end.state])
    expect(said.stderr).toBe(`flowledger: ${line}\n`)
  })

  it('ends well where rows that differ were swapped in, which is done only where it was asked for', async () => {
    const swapped = { ...rebuild, state: 'swapped', verification: { ...verification, equal: false } }
    const url = await listen(answers((path) => (path.endsWith('/rebuild') ? rebuild : swapped)))
    const asked = ['projections', 'rebuild', 'workflows', '--on-difference', 'swap', ...flags(url)]
    expect(await run(asked)).toBe(0)
    expect(said.stderr).toBe('')
  })

  it('goes on over a server that is away for a moment', async () => {
    let asked = 0
    const url = await listen((request, response) => {
      if (request.url?.includes('/rebuilds/')) asked += 1
      if (asked === 2) request.socket.destroy()
      else answers(() => ({ ...rebuild, state: asked > 2 ? 'swapped' : 'replaying' }))(request, response)
    })
    expect(await run(['projections', 'rebuild', 'workflows', ...flags(url)])).toBe(0)
  })
})

describe('steering a rebuild', () => {
  it.each([
    ['pause', 'paused', ''],
    ['pause', 'verifying', 'pause is asked for; the projector has not done it yet\n'],
    ['resume', 'catching_up', ''],
    ['resume', 'paused', 'resume is asked for; the projector has not done it yet\n'],
    ['cancel', 'cancelled', ''],
    ['cancel', 'paused', 'cancel is asked for; the projector has not done it yet\n'],
  ])('%s says whether that was done: it is %s', async (verb, state, more) => {
    const full = { ...rebuild, state, processed: 7, generation: 2, finishedAt: null, error: null, keepUntil: null }
    const url = await listen(answers((path) => (path.endsWith('/rebuilds') ? { items: [rebuild] } : full)))
    expect(await run(['projections', verb, 'workflows', ...flags(url)])).toBe(0)
    expect(said.stdout).toBe(`workflows: ${state}, 7 events, generation 2\n${more}`)
  })
})

describe('what a check finds', () => {
  it('is shown, and fails the command where it is bad', async () => {
    const url = await listen(
      answers((path) =>
        path.startsWith('/v1/audit')
          ? { valid: false, events: 3, streams: 1, firstInvalid: { stream: 'workflow-1', revision: 2, reason: 'hash' } }
          : { ...verification, equal: false },
      ),
    )
    expect(await run(['audit', 'verify', ...flags(url)])).toBe(1)
    expect(said.stdout).toContain('workflow-1, revision 2: hash')
    expect(await run(['projections', 'verify', 'workflows', '--json', ...flags(url)])).toBe(1)
    expect(said.stdout).toContain('"equal":false')
    expect(said.stderr).toContain('not equal to the log: workflows')
  })
})

describe('following an execution', () => {
  const event = (position: number) => `id: ${position}\nevent: E\ndata: {"position":"${position}"}\n\n`

  it('takes a broken stream up after the last event that came, until there is no more', async () => {
    const resumed: unknown[] = []
    const url = await listen((request, response) => {
      resumed.push(request.headers['last-event-id'])
      if (resumed.length === 3) return response.writeHead(503).end()
      if (resumed.length === 5) return response.writeHead(204).end()
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      if (resumed.length === 1) return response.end(event(1))
      if (resumed.length === 2) return response.write(event(2), () => setTimeout(() => response.destroy(), 20))
      return response.end(event(3))
    })
    const positions: string[] = []
    for await (const { position } of followEvents(createClient({ url, apiKey: 'k' }), 'x', 1)) positions.push(position)
    expect(positions).toEqual(['1', '2', '3'])
    expect(resumed).toEqual([undefined, '1', '2', '2', '3'])
  })

  it('fails at once where there is no such execution', async () => {
    const url = await listen((_, response) => response.writeHead(404).end('{"code":"execution_not_found"}'))
    await expect(followEvents(createClient({ url, apiKey: 'k' }), 'x', 1).next()).rejects.toThrow('execution_not_found')
  })
})

describe('the key', () => {
  it('does not follow a redirect to another server', async () => {
    const asked: string[] = []
    const url = await listen((request, response) => {
      asked.push(request.url ?? '')
      response.writeHead(307, { Location: '/elsewhere' }).end()
    })
    expect(await run(['keys', 'list', ...flags(url)])).toBe(1)
    expect(asked).toHaveLength(1)
    expect(said.stderr).toContain('307')
  })

  it('finds out that it talks to something else', async () => {
    const url = await listen((_, response) => response.setHeader('Content-Type', 'text/html').end('<html>'))
    expect(await run(['keys', 'list', ...flags(url)])).toBe(1)
    expect(said.stderr).toContain('is no Flowledger server')
  })
})
