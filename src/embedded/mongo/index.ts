export { type EmbeddedMongo, type EmbeddedMongoOptions, startEmbeddedMongo } from './startEmbeddedMongo.js'
