import { type Config, loadConfig } from '../../config.js'

/** The configuration of a server, for a process that serves nothing and so needs no API key. Logs only what is wrong. */
export const directConfig = (environment: NodeJS.ProcessEnv = process.env): Config =>
  loadConfig({ ...environment, ROLES: 'executor', LOG_LEVEL: environment.LOG_LEVEL || 'warn' })
