/** One after the other, each even where one before it failed; then throws the first error. */
export const stopAll = async (stops: readonly (() => Promise<void>)[]): Promise<void> => {
  const failures: unknown[] = []
  for (const stop of stops) await stop().catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}
