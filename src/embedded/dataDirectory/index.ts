export { type DataDirectory, openDataDirectory } from './openDataDirectory.js'
