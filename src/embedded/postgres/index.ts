export { type EmbeddedPostgres, startEmbeddedPostgres } from './startEmbeddedPostgres.js'
