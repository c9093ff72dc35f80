import { cpus, release, totalmem } from 'node:os'

/** What the figures were measured on, for the line beside them. */
export const hardware = (): string => {
  const [first] = cpus()
  const gib = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown CPU'}, ${gib} GiB, Linux ${release()}, Node ${process.version}`
}
