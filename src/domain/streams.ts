/** Stream names: the part before the first `-` is the category (events.md). Nothing else is written. */
export const categories = ['workflow', 'secrets', 'execution', 'apikey', 'projection'] as const
export type Category = (typeof categories)[number]

export const streamName = (category: Category, id: string): string => `${category}-${id}`
export const idOfStream = (stream: string): string => stream.slice(stream.indexOf('-') + 1)
export const categoryOfStream = (stream: string): string => stream.slice(0, stream.indexOf('-'))
