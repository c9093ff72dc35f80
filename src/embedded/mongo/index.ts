export { type EmbeddedMongo, startEmbeddedMongo } from './startEmbeddedMongo.js'
