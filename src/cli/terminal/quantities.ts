const inUnit = (amount: number, unit: string): string => `${amount.toFixed(amount < 10 ? 1 : 0)} ${unit}`

/** Bytes in powers of 1,000: `512 B`, `1.5 kB`, `20 MB`. */
export const shortBytes = (bytes: number): string => {
  if (bytes < 1_000) return `${Math.round(bytes)} B`
  if (bytes < 999_500) return inUnit(bytes / 1_000, 'kB')
  return bytes < 999_500_000 ? inUnit(bytes / 1_000_000, 'MB') : inUnit(bytes / 1_000_000_000, 'GB')
}

/** Seconds as a person would say them, never less than there are: `45 s`, `3 min`, `2 h 5 min`. */
export const shortDuration = (seconds: number): string => {
  if (seconds <= 90) return `${Math.ceil(seconds)} s`
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  const rest = minutes % 60
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`
}
