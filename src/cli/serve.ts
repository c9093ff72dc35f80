import { Command } from 'commander'

/** What `npm start` runs; it ends the process itself. */
export const serveCommand = (): Command =>
  new Command('serve').description('Run the server; the environment configures it').action(async () => {
    await import('../main.js')
  })
