/** On stdout: the result, for people or for the next program. */
export const print = (text: string): void => {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** On stderr: what a person should know beside the result. */
export const note = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** Names and values come from anybody: what would move the cursor or change colours of a terminal is taken out. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ')
