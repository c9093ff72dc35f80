import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { EventStoreError } from './errors.js'
import type { EmbeddedEventStoreOptions, ServerSettings } from './options.js'
import { LINK_RULES } from './projections/linkRules.js'

/** The longest time a timer takes, in ms; it would fire at once for a longer one. */
const LONGEST_TIME = 2 ** 31 - 1

const DEFAULTS = {
  port: 0,
  host: '127.0.0.1',
  maxAppendSize: 1024 * 1024,
  writeTimeout: 2_000,
  keepAlive: 10_000,
  mappedMemory: 64 * 1024 * 1024,
  systemProjections: [],
}

/**
 * Fills in what is not given, and refuses what can't be before anything is made or opened.
 * @throws EventStoreError `invalid-options`.
 */
export function settingsFor(options: EmbeddedEventStoreOptions): ServerSettings {
  const entries = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  const given = Object.fromEntries(entries) as Partial<EmbeddedEventStoreOptions>
  if (typeof given.directory !== 'string' || given.directory === '')
    throw invalid('The directory of the log is missing.')
  const settings: ServerSettings = {
    ...DEFAULTS,
    accessKey: given.tls ? '' : randomBytes(24).toString('base64url'),
    ...given,
    directory: resolve(given.directory),
  }
  const fault = faultOf(settings)
  if (fault !== undefined) throw invalid(fault)
  return settings
}

function faultOf(settings: ServerSettings): string | undefined {
  const { host, accessKey, tls, users, systemProjections } = settings
  const ranges = [
    ['port', 0, 65_535],
    ['maxAppendSize', 1, Number.MAX_SAFE_INTEGER],
    ['writeTimeout', 1, LONGEST_TIME],
    ['keepAlive', 1, LONGEST_TIME],
    ['mappedMemory', 0, Number.MAX_SAFE_INTEGER],
  ] as const
  for (const [name, least, most] of ranges) {
    const value = settings[name]
    if (!Number.isInteger(value) || value < least || value > most) {
      return `The option ${name} is an integer from ${least} to ${most}, and not ${JSON.stringify(value)}.`
    }
  }
  if (typeof host !== 'string' || host === '') return 'The option host is a name or an address.'
  if (typeof accessKey !== 'string' || !/^[\x21-\x7e]*$/.test(accessKey)) {
    return 'The access key is sent as a header, so it has printable ASCII characters only, and no spaces.'
  }
  if (tls && !users?.admin) return 'A server with TLS asks for users: give the password of admin.'
  const unknown = systemProjections.find((name) => !LINK_RULES.has(name))
  if (unknown !== undefined)
    return `There is no system projection ${unknown}, but ${[...LINK_RULES.keys()].join(', ')}.`
  return undefined
}

const invalid = (message: string): EventStoreError => new EventStoreError('invalid-options', message)
