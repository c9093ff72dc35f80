import { type Collection, type Document, type MongoClient, MongoNetworkError } from 'mongodb'

/**
 * The real client, but the connection breaks at every n-th write: in turn before the server saw it, after all of it was done, and
 * after a part of a bulk was done.
 */
export const failingMongo = (mongo: MongoClient, every: number): MongoClient => {
  let writes = 0
  let failures = 0
  const lost = () => new MongoNetworkError('the connection broke')

  const write = async <T>(whole: () => Promise<T>, part: () => Promise<unknown>): Promise<T> => {
    writes += 1
    if (writes % every !== 0) return whole()
    failures += 1
    if (failures % 3 === 1) await whole()
    if (failures % 3 === 2) await part()
    throw lost()
  }

  const failingCollection = (collection: Collection<Document>) =>
    new Proxy(collection, {
      get: (target, name) => {
        if (name === 'bulkWrite') {
          return (operations: never[], options: object) =>
            write(
              () => target.bulkWrite(operations, options),
              async () => {
                const half = operations.slice(0, Math.ceil(operations.length / 2))
                await target.bulkWrite(half, options)
              },
            )
        }
        if (name === 'updateOne') {
          return (...args: Parameters<typeof target.updateOne>) =>
            write(
              () => target.updateOne(...args),
              async () => undefined,
            )
        }
        const value = Reflect.get(target, name) as unknown
        return typeof value === 'function' ? value.bind(target) : value
      },
    })

  return new Proxy(mongo, {
    get: (client, name) => {
      if (name !== 'db') return Reflect.get(client, name) as unknown
      return (database: string) => {
        const db = client.db(database)
        return new Proxy(db, {
          get: (target, property) => {
            if (property === 'collection')
              return (collection: string) => failingCollection(target.collection(collection))
            const value = Reflect.get(target, property) as unknown
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
      }
    },
  })
}
