import type { Collection } from '../store/catalogue.js'
import type { Stored } from '../store/documents.js'
import type { KeyValues } from '../store/keyValues.js'
import type { Document } from '../values/document.js'
import { matcherOf } from './matcher.js'
import { planFor, type Sort } from './plan.js'
import { type ScanOptions, scan } from './scan.js'
import { sortAll } from './sort.js'

export interface Search extends ScanOptions {
  readonly filter: Document
  readonly sort?: Sort
  readonly skip?: number
  /** 0 or missing: all. */
  readonly limit?: number
}

/** The documents that a search finds, in its order, one by one. A collection that is not there is empty. */
export async function* findStored(
  store: KeyValues,
  collection: Collection | undefined,
  { filter, sort = [], skip = 0, limit = 0, deadline }: Search,
): AsyncGenerator<Stored> {
  const matches = matcherOf(filter)
  if (collection === undefined) return
  const plan = planFor(collection, filter, sort)
  const found = scan(store, collection, plan, matches, { deadline })
  const end = limit === 0 ? Number.POSITIVE_INFINITY : skip + limit
  const ordered = plan.sorted ? found : await sortAll(found, sort, end)
  let at = 0
  for await (const stored of ordered) {
    if (at++ >= skip) yield stored
    if (at >= end) return
  }
}
