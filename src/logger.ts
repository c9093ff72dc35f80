import { type Logger, pino } from 'pino'
import type { Config } from './config.js'

const censored = ['key', 'apiKey', 'secret', 'value', 'password', 'authorization', '["x-api-key"]']

/** JSON lines on stderr: stdout is for people. Keys, authorization headers and values of secrets are censored. */
export const createLogger = (level: Config['LOG_LEVEL']): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: censored.flatMap((name) =>
          name.startsWith('[')
            ? [name, `headers${name}`, `req.headers${name}`]
            : [name, `*.${name}`, `req.headers.${name}`],
        ),
        censor: '[censored]',
      },
    },
    pino.destination({ dest: 2, sync: false }),
  )
