export { eventstoreCommand } from '../embedded/eventstore/cli.js'
