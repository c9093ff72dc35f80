import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** How often a second the disk takes 4 KiB for good: no durable append, one at a time, can be faster. */
export function flushesPerSecond(directory: string): number {
  const path = join(directory, 'flush.probe')
  const file = openSync(path, 'w')
  const block = Buffer.alloc(4_096, 1)
  const started = performance.now()
  let flushes = 0
  for (; performance.now() - started < 1_000; flushes++) {
    writeSync(file, block, 0, block.length, (flushes % 1_000) * block.length)
    fdatasyncSync(file)
  }
  const rate = (flushes / (performance.now() - started)) * 1_000
  closeSync(file)
  rmSync(path)
  return rate
}
