import { MultiBar } from 'cli-progress'

export interface Progress {
  /** 0 to 1. */
  done: number
  note: string
}

export interface ProgressBars {
  update(index: number, progress: Progress): void
  stop(): void
}

export interface ProgressBar {
  update(progress: Progress): void
  stop(): void
}

/**
 * A bar for each label on a terminal; nothing elsewhere, where every line is kept. Writes to stderr, so that stdout stays the
 * result.
 */
export const createProgressBars = (labels: readonly string[]): ProgressBars => {
  if (!process.stderr.isTTY || labels.length === 0) return { update: () => {}, stop: () => {} }
  const group = new MultiBar({
    format: '{label} [{bar}] {percentage} % {note}',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: false,
    gracefulExit: false,
  })
  const width = Math.max(...labels.map((label) => label.length))
  const bars = labels.map((label) => group.create(100, 0, { label: label.padEnd(width), note: '' }))
  return {
    update: (index, { done, note }) => bars[index]?.update(Math.floor(done * 100), { note }),
    stop: () => group.stop(),
  }
}

/** The same for one. */
export const createProgressBar = (label: string): ProgressBar => {
  const bars = createProgressBars([label])
  return { update: (progress) => bars.update(0, progress), stop: () => bars.stop() }
}
