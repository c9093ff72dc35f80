import { Command } from 'commander'
import { answerer, jsonOption } from './apiCommand.js'

export const migrateCommand = (): Command =>
  jsonOption(new Command('migrate'))
    .description('Bring the schemas of PostgreSQL to the newest form; a server does so itself when it starts')
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const { migrateStores } = await import('./direct/migrateStores.js')
      answerer(json)(await migrateStores(), ({ applied, migrations }) =>
        applied.length === 0
          ? `nothing to do: ${migrations.length} migrations are applied`
          : `applied ${applied.join(', ')}`,
      )
    })
