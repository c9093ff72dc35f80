import { Command, Option } from 'commander'
import { scopes } from '../domain/events/catalogue/apiKeys.js'
import { type ApiOptions, apiCommand, openSession } from './apiCommand.js'
import { UsageError } from './errors.js'
import { fetchList, type ListOptions, listOptions } from './lists.js'
import { path } from './paths.js'
import type { IssuedApiKey, Page } from './resources.js'
import { note } from './terminal/print.js'
import { shortTime, table } from './terminal/table.js'

interface IssueOptions extends ApiOptions {
  readonly scope?: readonly string[]
  readonly allScopes?: boolean
  readonly expires?: string
}

const issue = (): Command =>
  apiCommand('issue <name>', 'Issue an API key; it is shown this once')
    .addOption(new Option('--scope <scope...>', 'what it may do').choices(scopes))
    .option('--all-scopes', 'everything')
    .option('--expires <time>', 'it works until then (ISO time; default: for ever)')
    .action(async (name: string, { scope, allScopes = false, expires: expiresAt, ...options }: IssueOptions) => {
      if ((scope === undefined) !== allScopes) throw new UsageError('give --scope, one or several, or --all-scopes')
      const { client, json, answer } = openSession(options)
      const wanted = { name, scopes: scope ?? scopes, expiresAt }
      const { body } = await client.send<IssuedApiKey>('POST', '/v1/api-keys', wanted)
      if (!json) note(`key ${body.id}, shown only this once:`)
      answer(body, ({ key }) => key ?? '')
    })

const keyList = ({ items }: Page<Omit<IssuedApiKey, 'key'>>): string =>
  table(
    ['id', 'name', 'scopes', 'created', 'expires', 'revoked'],
    items.map((item) => [
      item.id,
      item.name,
      item.scopes.length === scopes.length ? 'all' : item.scopes.join(' '),
      shortTime(item.createdAt),
      shortTime(item.expiresAt),
      shortTime(item.revokedAt),
    ]),
  )

const list = (): Command =>
  listOptions(apiCommand('list', 'List API keys, the revoked ones too, newest first')).action(
    async (options: ListOptions) => {
      const { client, answer } = openSession(options)
      answer(await fetchList<Omit<IssuedApiKey, 'key'>>(client, '/v1/api-keys', {}, options), keyList)
    },
  )

const revoke = (): Command =>
  apiCommand('revoke <key>', 'Revoke an API key by its id').action(async (id: string, options: ApiOptions) => {
    const { client, answer } = openSession(options)
    await client.send('DELETE', path`/v1/api-keys/${id}`)
    answer({ id, revoked: true }, () => `${id} is revoked`)
  })

export const keysCommand = (): Command =>
  new Command('keys').description('API keys').addCommand(issue()).addCommand(list()).addCommand(revoke())
