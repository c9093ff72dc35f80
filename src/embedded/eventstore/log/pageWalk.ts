import { readSync } from 'node:fs'
import type { MetaPage } from './dataFile.js'

const NO_ROOT = 0xffffffffffffffffn
const HEADER = 24
const BRANCH = 1
const LEAF = 2
const BIG_DATA = 1
const SUB_DATABASE = 2

/**
 * Follows every page that the newest commit points to, by plain reads, and returns the first that is not among the
 * `pages` of the file or does not bear its own number.
 */
export function firstMissingPage(file: number, meta: MetaPage, pages: number): number | undefined {
  const page = Buffer.alloc(meta.pageSize)
  const waiting = [meta.mainRoot]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next === NO_ROOT) continue
    const number = Number(next)
    if (number >= pages) return number
    readSync(file, page, 0, page.length, number * meta.pageSize)
    if (page.readBigUInt64LE(0) !== next) return number
    const flags = page.readUInt16LE(18)
    if (flags & BRANCH) waiting.push(...childrenOf(page))
    else if (flags & LEAF) {
      const beyond = readLeaf(page, pages, waiting)
      if (beyond !== undefined) return beyond
    }
  }
  return undefined
}

function* nodesOf(page: Buffer): Generator<number> {
  const count = page.readUInt16LE(20) >> 1
  for (let index = 0; index < count; index++) yield page.readUInt16LE(HEADER + 2 * index) + HEADER
}

function* childrenOf(page: Buffer): Generator<bigint> {
  for (const node of nodesOf(page)) yield BigInt(page.readUIntLE(node, 6))
}

/** Collects the roots of tables and returns the first page of large values that is missing. */
function readLeaf(page: Buffer, pages: number, waiting: bigint[]): number | undefined {
  for (const node of nodesOf(page)) {
    const flags = page.readUInt16LE(node + 4)
    const data = node + 8 + page.readUInt16LE(node + 6)
    if (flags & SUB_DATABASE) waiting.push(page.readBigUInt64LE(data + 40))
    else if (flags & BIG_DATA) {
      const last = Number(page.readBigUInt64LE(data)) + Number(page.readBigUInt64LE(data + 16)) - 1
      if (last >= pages) return last
    }
  }
  return undefined
}
