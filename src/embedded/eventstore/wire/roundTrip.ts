import type { Http2Session } from 'node:http2'

interface Rounds {
  running: Promise<void> | undefined
  /** Begins when the running one is over; whoever comes until then shares it. */
  next: Promise<void> | undefined
}

const bySession = new WeakMap<Http2Session, Rounds>()

/** Resolves when the other side has answered a ping that was sent after this call, or when the connection has ended. */
export function roundTrip(session: Http2Session): Promise<void> {
  const rounds = bySession.get(session) ?? { running: undefined, next: undefined }
  bySession.set(session, rounds)
  if (rounds.next !== undefined) return rounds.next
  if (rounds.running === undefined) return begin(session, rounds)
  rounds.next = rounds.running.then(() => {
    rounds.next = undefined
    return begin(session, rounds)
  })
  return rounds.next
}

function begin(session: Http2Session, rounds: Rounds): Promise<void> {
  const running = ping(session).then(() => {
    if (rounds.running === running) rounds.running = undefined
  })
  rounds.running = running
  return running
}

function ping(session: Http2Session): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed) resolve()
    // A ping that can't be sent any more, or is lost with its connection, ends with an error.
    else session.ping(() => resolve())
  })
}
