import { SingleBar } from 'cli-progress'

export interface Progress {
  /** 0 to 1. */
  done: number
  note: string
}

export interface ProgressBar {
  update(progress: Progress): void
  stop(): void
}

/** A bar on a terminal; nothing elsewhere, where every line is kept. Writes to stderr, so that stdout stays the result. */
export const createProgressBar = (label: string): ProgressBar => {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} }
  const bar = new SingleBar({
    format: `${label} [{bar}] {percentage} % {note}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: false,
  })
  bar.start(100, 0, { note: '' })
  return {
    update: ({ done, note }) => bar.update(Math.floor(done * 100), { note }),
    stop: () => bar.stop(),
  }
}
