/** The executor's way to the values of secrets, at the last moment before an attempt. */
export interface SecretReader {
  /**
   * Values by name. Throws FlowledgerError `secret_missing` (names in the detail) where one is not set, and
   * `secret_unreadable` where its data key was destroyed or does not fit.
   */
  read(workflowId: string, names: readonly string[]): Promise<Record<string, string>>
}
