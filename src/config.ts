import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { messageOf } from './domain/errors.js'

export const roles = ['api', 'projector', 'executor'] as const
export type Role = (typeof roles)[number]

/** The environment does not make sense. The message is one line that names every bad variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const url = (...protocols: string[]) =>
  z
    .string()
    .refine((value) => protocols.some((protocol) => value.startsWith(`${protocol}://`)), {
      error: `must start with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
    })
    .optional()

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be a URL that starts with http:// or https://' }).optional()

const flag = z.enum(['true', 'false']).transform((value) => value === 'true')

const roleList = z
  .string()
  .transform((value) => value.split(',').map((role) => role.trim()))
  .pipe(z.array(z.enum(roles)).min(1))
  .transform((list) => new Set<Role>(list))

const masterKeys = z
  .string()
  .transform((value) => value.split(/[\s,]+/).filter((key) => key !== ''))
  .refine((keys) => keys.length > 0 && keys.every((key) => Buffer.from(key, 'base64').length === 32), {
    error: 'must be 32 bytes in base64; several are separated by commas or line breaks',
  })
  .optional()

const badPort = 'must be a number from 0 to 65535'
/** Digits and nothing else: `Number` would take a blank for 0. */
const port = z
  .string()
  .regex(/^\d{1,5}$/, { error: badPort, abort: true })
  .transform(Number)
  .refine((value) => value <= 65_535, { error: badPort })

interface Variable {
  schema: z.ZodType
  /** As text, the way it would stand in the environment; empty when there is none. */
  default: string
  description: string
  /** May hold a secret: `<NAME>_FILE` names a file that holds the value instead. */
  secret?: boolean
}

/** Every variable that the program reads. `.env.example` and the README's table come from here. */
export const variables = {
  HOST: { schema: z.string().min(1), default: '127.0.0.1', description: 'Address the API listens on' },
  PORT: {
    schema: port,
    default: '3000',
    description: 'Port of the API; 0 takes a free one',
  },
  DATA_DIR: {
    schema: z.string().min(1),
    default: './data',
    description: 'Where the embedded stores keep their data; private, one process at a time',
  },
  EVENTSTORE_URL: {
    schema: url('esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover'),
    default: '',
    description: 'EventStoreDB; the embedded one where it is missing',
    secret: true,
  },
  POSTGRES_URL: {
    schema: url('postgres', 'postgresql'),
    default: '',
    description: 'PostgreSQL; the embedded one where it is missing',
    secret: true,
  },
  MONGO_URL: {
    schema: url('mongodb', 'mongodb+srv'),
    default: '',
    description: 'MongoDB; the embedded one where it is missing',
    secret: true,
  },
  API_KEY: {
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{8,200}$/, { error: 'must be 8 to 200 printable characters without spaces' })
      .optional(),
    default: '',
    description:
      'The first API key, with all scopes: 8 characters or more; made and printed once where all stores are embedded',
    secret: true,
  },
  MASTER_KEY: {
    schema: masterKeys,
    default: '',
    description:
      'Wraps the data keys of secrets: 32 bytes, base64; made in DATA_DIR where all stores are embedded. Further ones after commas still open what they wrapped, while keys are rotated',
    secret: true,
  },
  ROLES: { schema: roleList, default: 'api,projector,executor', description: 'What this process does' },
  LOG_LEVEL: {
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    default: 'info',
    description: 'How much is logged',
  },
  ALLOW_PRIVATE_NETWORKS: {
    schema: flag,
    default: 'false',
    description: 'Lets http.request reach private and loopback addresses; for development',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: httpUrl,
    default: '',
    description:
      'Where traces of requests and runs go: an OTLP receiver over HTTP, such as http://localhost:4318; none where it is missing',
  },
} as const satisfies Record<string, Variable>

export type VariableName = keyof typeof variables
export type Config = { readonly [Name in VariableName]: z.output<(typeof variables)[Name]['schema']> }

/** Whether every store is embedded, so that keys may be made here and kept in DATA_DIR. */
export const isStandalone = (config: Config): boolean =>
  config.EVENTSTORE_URL === undefined && config.POSTGRES_URL === undefined && config.MONGO_URL === undefined

const rawValue = (name: string, variable: Variable, environment: NodeJS.ProcessEnv): string | undefined => {
  const file = variable.secret ? environment[`${name}_FILE`] : undefined
  const value = environment[name] || undefined
  if (file === undefined || file === '') return value ?? (variable.default || undefined)
  if (value !== undefined) throw new ConfigError(`${name} and ${name}_FILE are both set`)
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new ConfigError(`${name}_FILE can't be read (${messageOf(error)})`)
  }
}

/** Parses the environment once. An empty variable counts as missing. Throws ConfigError with every bad variable. */
export const loadConfig = (environment: NodeJS.ProcessEnv = process.env): Config => {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, variable] of Object.entries<Variable>(variables)) {
    try {
      const parsed = variable.schema.safeParse(rawValue(name, variable, environment))
      if (parsed.success) values[name] = parsed.data
      else problems.push(`${name} ${parsed.error.issues.map(({ message }) => message).join(', ')}`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(error.message)
    }
  }
  if (problems.length > 0) throw new ConfigError(`bad configuration: ${problems.join('; ')}`)
  const config = values as Config
  if (!isStandalone(config) && config.ROLES.has('api') && config.API_KEY === undefined) {
    problems.push('API_KEY must be set where EVENTSTORE_URL, POSTGRES_URL or MONGO_URL is')
  }
  if (!isStandalone(config) && config.MASTER_KEY === undefined) {
    problems.push('MASTER_KEY must be set where EVENTSTORE_URL, POSTGRES_URL or MONGO_URL is')
  }
  if (problems.length > 0) throw new ConfigError(`bad configuration: ${problems.join('; ')}`)
  return config
}
