import { Command } from 'commander'
import type { SecretMetadata } from '../projections/queries/secrets.js'
import { type ApiOptions, answerer, apiCommand, jsonOption, openSession } from './apiCommand.js'
import { UsageError } from './errors.js'
import { readText } from './input.js'
import { path } from './paths.js'
import type { Page } from './resources.js'
import { askHidden } from './terminal/askHidden.js'
import { shortTime, table } from './terminal/table.js'

/** Files and pipes end with a line break that nobody means; one is not part of the value. */
const withoutLastBreak = (text: string): string => text.replace(/\r?\n$/, '')

const secretValue = async (file: string | undefined): Promise<string> => {
  const isTyped = file === undefined && process.stdin.isTTY
  const value = isTyped ? await askHidden('Value: ') : withoutLastBreak(await readText(file ?? '-'))
  if (value === '') throw new UsageError('the value is empty: it comes from stdin or --value-file')
  return value
}

const set = (): Command =>
  apiCommand('set <workflow> <key>', 'Set a secret; its value comes from stdin, never from the command line')
    .option('--value-file <file>', 'a file that holds it; one line break at its end is not part of it')
    .action(async (id: string, key: string, options: ApiOptions & { readonly valueFile?: string }) => {
      const { client, answer } = openSession(options)
      const value = await secretValue(options.valueFile)
      await client.send('PUT', path`/v1/workflows/${id}/secrets/${key}`, { value })
      answer({ key, set: true }, () => `${key} is set`)
    })

const secretList = ({ items }: Page<SecretMetadata>): string =>
  table(
    ['key', 'version', 'created', 'set', 'used by'],
    items.map(({ key, version, createdAt, rotatedAt, usedBy }) => [
      key,
      version,
      shortTime(createdAt),
      shortTime(rotatedAt),
      usedBy.map((node) => node.key).join(', '),
    ]),
  )

const list = (): Command =>
  apiCommand('list <workflow>', 'List the secrets of a workflow; no value is ever shown').action(
    async (id: string, options: ApiOptions) => {
      const { client, answer } = openSession(options)
      answer((await client.get<Page<SecretMetadata>>(path`/v1/workflows/${id}/secrets`)).body, secretList)
    },
  )

const remove = (): Command =>
  apiCommand('delete <workflow> <key>', 'Delete a secret').action(
    async (id: string, key: string, options: ApiOptions) => {
      const { client, answer } = openSession(options)
      await client.send('DELETE', path`/v1/workflows/${id}/secrets/${key}`)
      answer({ key, deleted: true }, () => `${key} is deleted`)
    },
  )

interface RotateOptions {
  readonly newMasterKeyFile?: string
  readonly json?: boolean
}

const rotate = (): Command =>
  jsonOption(new Command('rotate'))
    .description(
      'Wrap the keys of all secrets by a new master key; goes on when it is run again after it was cut short',
    )
    .option('--new-master-key-file <file>', '32 bytes in base64 (default where DATA_DIR keeps the key: a new one)')
    .action(async ({ newMasterKeyFile, json = false }: RotateOptions) => {
      const { rotateSecrets } = await import('./direct/rotateSecrets.js')
      answerer(json)(await rotateSecrets(newMasterKeyFile), ({ workflows, masterKeyId, kept }) => {
        const next = kept
          ? 'DATA_DIR keeps it; copy it to where your backups of master keys are'
          : 'give it to the servers as MASTER_KEY before they start again'
        return `the secrets of ${workflows === 1 ? '1 workflow' : `${workflows} workflows`} are under the master key ${masterKeyId}: ${next}`
      })
    })

export const secretsCommand = (): Command =>
  new Command('secrets')
    .description('Secrets of workflows')
    .addCommand(set())
    .addCommand(list())
    .addCommand(remove())
    .addCommand(rotate())
