import { branches } from './corpus/branches.js'
import { children } from './corpus/children.js'
import { controls } from './corpus/controls.js'
import { effects } from './corpus/effects.js'
import { failures } from './corpus/failures.js'
import { starts } from './corpus/starts.js'
import { waits } from './corpus/waits.js'
import type { CorpusRun } from './corpusRun.js'

/** Runs with every node type and every policy. `url`: a server that answers with what it was asked. */
export const corpus = (url: string): CorpusRun[] => [
  ...branches,
  ...effects(url),
  ...failures,
  ...waits,
  ...children,
  ...controls,
  ...starts,
]
