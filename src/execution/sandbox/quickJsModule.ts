import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import {
  type CustomizeVariantOptions,
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSWASMModule,
  RELEASE_SYNC,
} from 'quickjs-emscripten'

type CompiledModule = NonNullable<CustomizeVariantOptions['wasmModule']>

/** The host's WebAssembly, whose values the types of Node leave out. */
const { WebAssembly: host } = globalThis as unknown as {
  readonly WebAssembly: {
    compile(bytes: Uint8Array): Promise<CompiledModule>
    readonly Memory: new (pages: {
      initial: number
      maximum: number
    }) => NonNullable<CustomizeVariantOptions['wasmMemory']> & { readonly buffer: ArrayBufferLike }
  }
}

export interface BoundedModule {
  readonly quickJs: QuickJSWASMModule
  /** Whether it needed more memory than it began with. */
  hasGrown(): boolean
}

/** Pages of 64 KiB with which the module begins: its stack, its data and a first heap. */
const initialPages = 256
const pageBytes = 64 * 1024

const compile = async (): Promise<CompiledModule> => {
  const library = createRequire(createRequire(import.meta.url).resolve('quickjs-emscripten'))
  return host.compile(await readFile(library.resolve('@jitl/quickjs-wasmfile-release-sync/wasm')))
}

/**
 * Makes modules that have memory of their own and can't grow beyond it, in a millisecond or two each. QuickJS's own limit
 * would not do: in WebAssembly it does not know the sizes of what it allocates.
 */
export const quickJsModules = async (): Promise<(memoryBytes: number) => Promise<BoundedModule>> => {
  const wasmModule = await compile()
  return async (memoryBytes) => {
    const maximum = initialPages + Math.ceil(memoryBytes / pageBytes)
    const wasmMemory = new host.Memory({ initial: initialPages, maximum })
    const quickJs = await newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmModule, wasmMemory }))
    return { quickJs, hasGrown: () => wasmMemory.buffer.byteLength > initialPages * pageBytes }
  }
}
