import { DefaultIntrinsics, type QuickJSContext, type QuickJSHandle } from 'quickjs-emscripten'
import type { JsonValue } from '../../domain/json.js'
import { acceptJson, maxJsonDepth } from '../outbound/acceptJson.js'
import { type CodeJob, type CodeResult, codeVariables, maxResultLength } from './codeJob.js'
import type { BoundedModule } from './quickJsModule.js'
import { ownThread, threadTimeMs } from './threadTime.js'

/**
 * Runs code in a module of its own, which must not be used again: no host, no network, no modules, no clock (there is no
 * Date), no random numbers, and no waiting, so that the same variables give the same result. Interrupted at its time.
 */
export const runCode = ({ quickJs, hasGrown }: BoundedModule, job: CodeJob): CodeResult => {
  const runtime = quickJs.newRuntime({ memoryLimitBytes: job.memoryBytes, maxStackSizeBytes: 256 * 1024 })
  let timedOut = false
  const thread = ownThread()
  const begun = threadTimeMs(thread)
  // By the clock it can't be over its time before this; what it spent on a core is looked at only then.
  let lookAt = performance.now() + job.timeoutMs
  runtime.setInterruptHandler(() => {
    if (timedOut || performance.now() < lookAt) return timedOut
    const left = job.timeoutMs - (threadTimeMs(thread) - begun)
    timedOut = left <= 0
    lookAt = performance.now() + left
    return timedOut
  })
  const context = runtime.newContext({ intrinsics: { ...DefaultIntrinsics, Date: false } })
  try {
    const result = evaluate(context, job, () => timedOut)
    // Where not even the error finds room, QuickJS throws null.
    return !result.ok && result.message === 'null' && hasGrown() ? outOfMemory : result
  } catch (error) {
    return asFailure({ message: error instanceof Error ? error.message : String(error) }, timedOut)
  }
}

const outOfMemory: CodeResult = {
  ok: false,
  code: 'code_memory',
  message: 'the code needs more memory than it may have',
}

/** Captured before the user's code can change them. Gives the JSON of what the function returns. */
const prelude = `(() => {
  const { parse, stringify } = JSON
  delete Math.random
  return (run, ...texts) => {
    const value = run(...texts.map((text) => parse(text)))
    if (value !== null && typeof value === 'object' && typeof value.then === 'function') {
      throw new TypeError('the result is a promise: nothing can be awaited here')
    }
    return stringify(value === undefined ? null : value)
  }
})()`

const evaluate = (context: QuickJSContext, { source, variables }: CodeJob, timedOut: () => boolean): CodeResult => {
  const call = context.evalCode(prelude, 'prelude.js')
  if (call.error) return failed(context, call.error, timedOut)
  const run = compile(context, source)
  if ('failure' in run) return failed(context, run.failure, timedOut)
  const texts = codeVariables.map((name) => context.newString(variables[name]))
  const returned = context.callFunction(call.value, context.undefined, run.code, ...texts)
  if (returned.error) return failed(context, returned.error, timedOut)
  const json = context.typeof(returned.value) === 'string' ? context.getString(returned.value) : undefined
  if (json === undefined)
    return { ok: false, code: 'code_error', message: 'the result is a function, not a JSON value' }
  if (json.length > maxResultLength) {
    return { ok: false, code: 'code_error', message: `the result is larger than ${maxResultLength} characters` }
  }
  const value = JSON.parse(json) as JsonValue
  if (acceptJson(value)) return { ok: true, value }
  return { ok: false, code: 'code_error', message: `the result is nested more than ${maxJsonDepth} deep` }
}

/** As one expression where it is one, else as a function body. */
const compile = (
  context: QuickJSContext,
  source: string,
): { readonly code: QuickJSHandle } | { readonly failure: QuickJSHandle } => {
  const parameters = codeVariables.join(', ')
  const expression = context.evalCode(`(function (${parameters}) { 'use strict'; return (\n${source}\n) })`, 'code.js')
  if (!expression.error) return { code: expression.value }
  const body = context.evalCode(`(function (${parameters}) { 'use strict';\n${source}\n})`, 'code.js')
  return body.error ? { failure: body.error } : { code: body.value }
}

const failed = (context: QuickJSContext, error: QuickJSHandle, timedOut: () => boolean): CodeResult => {
  return asFailure(context.dump(error), timedOut())
}

const asFailure = (thrown: unknown, timedOut: boolean): CodeResult => {
  if (timedOut) return { ok: false, code: 'code_timeout', message: 'the code did not end in time' }
  const { name, message } = (thrown !== null && typeof thrown === 'object' ? thrown : {}) as Record<string, unknown>
  if (name === 'InternalError' && (message === 'out of memory' || message === 'string too long')) return outOfMemory
  const text = message === undefined ? JSON.stringify(thrown) : `${name === undefined ? '' : `${name}: `}${message}`
  return { ok: false, code: 'code_error', message: (text ?? 'undefined was thrown').slice(0, 2_000) }
}
