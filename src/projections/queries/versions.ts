import type { Document, Filter, MongoClient } from 'mongodb'
import type { Definition } from '../../domain/definition.js'
import type { Actor } from '../../domain/events/metadata.js'
import type { Finding } from '../../domain/findings.js'
import type { VersionRow } from '../definitions/versions.js'
import { collectionOf, type MongoNames, pointerCollection } from '../mongo/names.js'
import { decodeCursor, digits, type Page, type PageOptions, toPage } from './cursor.js'

export interface VersionSummary {
  readonly id: string
  readonly workflowId: string
  readonly number: number
  readonly label: string | null
  readonly contentHash: string
  readonly published: boolean
  readonly findings: readonly Finding[]
  readonly createdAt: string
  readonly createdBy: Actor
}

export interface VersionDetail extends VersionSummary {
  readonly snapshot: Definition
}

export interface VersionQueries {
  /** Newest first, without snapshots. */
  list(workflowId: string, options: PageOptions): Promise<Page<VersionSummary>>
  byNumber(workflowId: string, number: number): Promise<VersionDetail | undefined>
  byId(versionId: string): Promise<VersionDetail | undefined>
}

export type VersionDocument = Omit<VersionRow, 'id'> & { readonly _id: string }

const toSummary = (document: VersionDocument): VersionSummary => ({
  id: document._id,
  workflowId: document.workflow_id,
  number: document.version_number,
  label: document.label,
  contentHash: document.content_hash,
  published: document.published,
  findings: document.findings,
  createdAt: document.created_at,
  createdBy: document.created_by,
})

const toDetail = (document: VersionDocument): VersionDetail => ({
  ...toSummary(document),
  snapshot: document.snapshot ?? { nodes: [], edges: [], settings: {} },
})

interface Pointer extends Document {
  _id: string
  active: number
}

export const createVersionQueries = (mongo: MongoClient, names: MongoNames): VersionQueries => {
  const database = mongo.db(names.database)

  /** The collection of the generation that is live now; undefined before the first one. */
  const live = async () => {
    const pointer = await database.collection<Pointer>(pointerCollection(names)).findOne({ _id: 'versions' })
    return pointer === null
      ? undefined
      : database.collection<VersionDocument>(collectionOf(names, 'versions', pointer.active))
  }

  const one = async (filter: Filter<VersionDocument>): Promise<VersionDetail | undefined> => {
    const found = await (await live())?.findOne(filter)
    return found ? toDetail(found as VersionDocument) : undefined
  }

  return {
    list: async (workflowId, { limit, cursor }) => {
      const before = decodeCursor(cursor, [digits])
      const found = await (await live())
        ?.find({
          workflow_id: workflowId,
          ...(before === undefined ? {} : { version_number: { $lt: Number(before[0]) } }),
        })
        .project<VersionDocument>({ snapshot: 0 })
        .sort({ version_number: -1 })
        .limit(limit + 1)
        .toArray()
      return toPage(found ?? [], limit, toSummary, (document) => [String(document.version_number)])
    },
    byNumber: (workflowId, number) => one({ workflow_id: workflowId, version_number: number }),
    byId: (versionId) => one({ _id: versionId }),
  }
}
