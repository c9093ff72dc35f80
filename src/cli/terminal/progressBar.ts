import type { WriteStream } from 'node:tty'
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

const longestBar = 40
const shortestBar = 10
/** What the note beside a bar needs to be read whole, and what else is in the line: `[`, `]`, ` 100 % `. */
const noteWidth = 56
const around = 10

/** On a narrow terminal the bar gives way to the note. */
export const barLength = (columns: number, labelWidth: number): number =>
  Math.max(shortestBar, Math.min(longestBar, columns - labelWidth - around - noteWidth))

/**
 * A bar for each label on a terminal; nothing elsewhere, where every line is kept. Writes to stderr, so that stdout stays the
 * result.
 */
export const createProgressBars = (
  labels: readonly string[],
  stream: NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>> = process.stderr,
): ProgressBars => {
  if (!stream.isTTY || labels.length === 0) return { update: () => {}, stop: () => {} }
  const width = Math.max(...labels.map((label) => label.length))
  const group = new MultiBar({
    format: '{label} [{bar}] {percentage} % {note}',
    formatValue: (value, _options, type) => (type === 'percentage' ? String(value).padStart(3) : String(value)),
    barsize: barLength(stream.columns ?? 80, width),
    stream,
    hideCursor: true,
    clearOnComplete: false,
    gracefulExit: false,
  })
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
