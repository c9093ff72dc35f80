import type { Command } from 'commander'
import type { ApiOptions } from './apiCommand.js'
import type { Client } from './client.js'
import { integer } from './input.js'
import { withQuery } from './paths.js'
import type { Page } from './resources.js'

export interface ListOptions extends ApiOptions {
  readonly limit?: number
  readonly cursor?: string
  readonly all?: boolean
}

const mostItems = 200

export const listOptions = (command: Command): Command =>
  command
    .option('--limit <n>', 'how many, at most 200 (default: 50)', integer(1, mostItems))
    .option('--cursor <cursor>', 'go on where a page ended')
    .option('--all', 'every page')

/** A page, or with `all` the pages to the end. */
export const fetchList = async <T>(
  client: Client,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  { limit, cursor, all = false }: ListOptions,
): Promise<Page<T>> => {
  const items: T[] = []
  let next = cursor
  do {
    const target = withQuery(path, { ...query, limit: all ? mostItems : limit, cursor: next })
    const { body } = await client.get<Page<T>>(target)
    items.push(...body.items)
    next = body.nextCursor ?? undefined
  } while (all && next !== undefined)
  return { items, nextCursor: next ?? null }
}
