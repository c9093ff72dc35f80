import { type CelEnvironment, type CelRegistry, openEnvironment } from './celInternals.js'
import { jsonFunctions } from './functions/json.js'
import { listFunctions } from './functions/lists.js'
import { numberFunctions } from './functions/numbers.js'
import { sortByMacro } from './functions/sortBy.js'
import { textFunctions } from './functions/texts.js'
import { chargeAbsorbedErrors } from './instrument.js'
import type { Meter } from './meter.js'
import { scopeNames } from './scopeNames.js'

/** CEL with our variables, functions and limits. Its functions charge the meter. */
export const createCelEnvironment = (meter: Meter): CelEnvironment => {
  const opened = openEnvironment()
  const { environment, evaluator } = opened
  for (const name of scopeNames) environment.registerVariable(name, 'dyn')
  const functions = [...textFunctions(meter), ...listFunctions(meter), ...jsonFunctions(meter), ...numberFunctions]
  for (const { signature, handler } of functions) environment.registerFunction(signature, handler, { async: false })
  environment.registerFunction('list.sortBy(ast, ast): list', sortByMacro(meter) as never, { async: false })
  mixNumbers(evaluator.registry)
  flattenTypes(evaluator.registry)
  chargeAbsorbedErrors(evaluator, meter)
  return opened
}

/** Only the checker reads these: at run our own operators calculate. */
const mixNumbers = (registry: CelRegistry): void => {
  const never = (): never => {
    throw new Error('carried out by our own operators')
  }
  for (const op of ['+', '-', '*', '/', '%']) {
    registry.binaryOverload('int', op, 'double', never, 'double', false)
    registry.binaryOverload('double', op, 'int', never, 'double', false)
  }
  registry.binaryOverload('double', '%', 'double', never, 'double', false)
}

/**
 * cel-js keeps each type that it meets for ever, also those of data: `list<map<string, list<…>>>`. Types of what is in
 * lists and maps are therefore known only one level deep, so that there are few.
 */
const flattenTypes = (registry: CelRegistry): void => {
  const dyn = registry.getType('dyn')
  const { getListType, getMapType, getOptionalType } = registry
  const flat = (type: ReturnType<CelRegistry['getType']>) =>
    type.kind === 'primitive' || type.kind === 'param' ? type : dyn
  registry.getListType = (item) => getListType.call(registry, flat(item))
  registry.getMapType = (key, value) => getMapType.call(registry, flat(key), flat(value))
  registry.getOptionalType = (value) => getOptionalType.call(registry, value.kind === 'optional' ? dyn : value)
}
