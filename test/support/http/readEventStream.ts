/** One server-sent event as a client parses it. */
export interface ReceivedEvent {
  readonly id: string
  readonly event: string
  readonly data: { readonly type: string; readonly revision: number; readonly position: string }
}

const parse = (block: string): ReceivedEvent | undefined => {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
  const [id, event, data] = ['id', 'event', 'data'].map((name) => fields.get(name))
  return id === undefined || event === undefined || data === undefined
    ? undefined
    : { id, event, data: JSON.parse(data) }
}

/** Reads a stream of server-sent events until it ends or the signal aborts. */
export async function* readEventStream(
  url: string,
  headers: Record<string, string>,
  signal?: AbortSignal,
): AsyncGenerator<ReceivedEvent> {
  const response = await fetch(url, { headers: { Accept: 'text/event-stream', ...headers }, ...(signal && { signal }) })
  if (response.body === null || response.status !== 200) throw new Error(`no stream: ${response.status}`)
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const received = parse(block)
      if (received) yield received
    }
  }
}
