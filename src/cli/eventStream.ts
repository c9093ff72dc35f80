/** One event of a stream (HTML standard, server-sent events, section 9.2.6). */
export interface ServerSentEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** The value of a field; one space after the colon is not part of it. */
const fieldOf = (line: string): [name: string, value: string] => {
  const colon = line.indexOf(':')
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')]
}

const parseBlock = (lines: readonly string[]): ServerSentEvent | undefined => {
  let id = ''
  let event = 'message'
  const data: string[] = []
  for (const [name, value] of lines.map(fieldOf)) {
    if (name === 'id') id = value
    else if (name === 'event') event = value
    else if (name === 'data') data.push(value)
  }
  return data.length === 0 ? undefined : { id, event, data: data.join('\n') }
}

/** Events out of text that is cut anywhere. Comments (heartbeats) and what has no data are no events. */
export async function* parseEventStream(text: AsyncIterable<string>): AsyncGenerator<ServerSentEvent> {
  let rest = ''
  let block: string[] = []
  for await (const chunk of text) {
    const lines = (rest + chunk).split(/\r\n|\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line !== '') {
        block.push(line)
        continue
      }
      const event = parseBlock(block)
      block = []
      if (event !== undefined) yield event
    }
  }
}
