import type { FuncKeywordDefinition } from 'ajv'
import { canonicalJson } from '../../../domain/canonicalJson.js'

/** `uniqueItems` in linear time: the built-in one compares each item with each. */
export const uniqueItems: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  validate: (mustBeUnique: boolean, items: readonly unknown[]): boolean =>
    !mustBeUnique || new Set(items.map((item) => canonicalJson(item))).size === items.length,
  error: { message: 'must not have the same item twice' },
}
