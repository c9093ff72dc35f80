export { DataDirectoryError, type DataDirectoryErrorCode } from './errors.js'
export { type DataDirectory, openDataDirectory } from './openDataDirectory.js'
