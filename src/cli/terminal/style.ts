import { styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

/** Colours only where a person looks at it (and NO_COLOR is not set). */
export const styled = (format: Format, text: string): string =>
  process.stdout.isTTY && !process.env.NO_COLOR ? styleText(format, text) : text

export const heading = (text: string): string => `\n${styled('bold', text)}`
export const faint = (text: string): string => styled('dim', text)
export const good = (text: string): string => styled('green', text)
export const bad = (text: string): string => styled('red', text)
