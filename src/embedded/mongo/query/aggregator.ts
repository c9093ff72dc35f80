import { Aggregator } from 'mingo/aggregator'
import { Context } from 'mingo/core'
import { type Iterator, Lazy } from 'mingo/lazy'
import * as accumulator from 'mingo/operators/accumulator'
import * as expression from 'mingo/operators/expression'
import * as pipeline from 'mingo/operators/pipeline'
import * as projection from 'mingo/operators/projection'
import * as query from 'mingo/operators/query'
import * as window from 'mingo/operators/window'
import { MongoError } from '../errors.js'
import type { Document } from '../values/document.js'
import { MINGO_OPTIONS } from './matcher.js'

/** The first `size` of the values after a shuffle (Fisher and Yates) that goes only as far as it must. */
const drawn = <T>(values: readonly T[], size: number): T[] => {
  const shuffled = [...values]
  const wanted = Math.min(size, shuffled.length)
  for (let index = 0; index < wanted; index += 1) {
    const other = index + Math.floor(Math.random() * (shuffled.length - index))
    ;[shuffled[index], shuffled[other]] = [shuffled[other] as T, shuffled[index] as T]
  }
  return shuffled.slice(0, wanted)
}

/** In place of mingo's, which draws a document several times, and for ever where the size is no natural number. */
const $sample = (documents: Iterator, { size }: { readonly size?: unknown }): Iterator => {
  const wanted = Number(size)
  if (!Number.isInteger(wanted) || wanted < 1) {
    throw new MongoError('SampleSize', 'size argument to $sample must be a positive integer')
  }
  return documents.transform((values) => Lazy(drawn(values, wanted)))
}

const context = Context.init({
  accumulator,
  expression,
  pipeline: { ...pipeline, $sample },
  projection,
  query,
  window,
} as never)

/** A pipeline over documents in memory. `lookUp` gives all documents of another collection. */
export const aggregator = (stages: readonly Document[], lookUp: (collection: string) => Document[]): Aggregator =>
  new Aggregator([...stages] as never[], { ...MINGO_OPTIONS, context, collectionResolver: lookUp })
