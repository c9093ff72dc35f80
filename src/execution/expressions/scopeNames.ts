/** The variables of every expression (Scope). */
export const scopeNames = ['input', 'trigger', 'nodes', 'execution', 'secrets', 'item', 'index'] as const

export const isScopeName = (name: string): boolean => (scopeNames as readonly string[]).includes(name)
