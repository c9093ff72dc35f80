import type { ContainerModuleLoadOptions, ServiceIdentifier } from 'inversify'

type Tokens<Dependencies extends unknown[]> = { [Index in keyof Dependencies]: ServiceIdentifier<Dependencies[Index]> }

/** Binds a factory, once per container, to what it needs; `close` runs when the container is taken apart. */
export const provide = <T, Dependencies extends unknown[]>(
  { bind }: Pick<ContainerModuleLoadOptions, 'bind'>,
  token: ServiceIdentifier<T>,
  needs: Tokens<Dependencies>,
  factory: (...dependencies: Dependencies) => T,
  close?: (value: T) => void | Promise<void>,
): void => {
  const bound = bind<T>(token)
    .toResolvedValue(factory, needs as never)
    .inSingletonScope()
  if (close !== undefined) bound.onDeactivation(close)
}
