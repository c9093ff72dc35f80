#!/usr/bin/env node
import closeWithGrace from 'close-with-grace'
import { loadConfig } from './config.js'
import { createLogger } from './logger.js'
import { startFlowledger } from './start.js'
import { oneLine } from './startFailure.js'

/** How long a stop may take before the process ends anyway. */
const stopWithinMs = 30_000

const main = async (): Promise<void> => {
  const config = loadConfig()
  const logger = createLogger(config.LOG_LEVEL)
  const starting = startFlowledger(config, logger, (line) => console.log(line))
  closeWithGrace({ delay: stopWithinMs, logger: false }, async ({ err }) => {
    if (err) logger.fatal({ err }, 'the program stops because of an error')
    const program = await starting.catch(() => undefined)
    await program?.stop()
  })
  const program = await starting
  await program.failure
}

main().catch((error: unknown) => {
  console.error(oneLine(error))
  process.exit(1)
})
