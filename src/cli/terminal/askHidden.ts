import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Interrupted } from '../errors.js'

/** Asks a person at the terminal for a line that is not shown. Empty at Ctrl-D; throws Interrupted at Ctrl-C. */
export const askHidden = async (question: string): Promise<string> => {
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('SIGINT', () => reject(new Interrupted('nothing was sent')))
      lines.once('close', () => resolve(''))
      lines.question('').then(resolve, reject)
    })
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
