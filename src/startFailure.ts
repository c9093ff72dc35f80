const hints: Record<string, (address: string) => string> = {
  EADDRINUSE: (address) => `${address} is taken by another program: set PORT to another one`,
  EACCES: (address) => `this user may not listen on ${address}: set PORT to 1024 or more`,
  ENOTFOUND: (address) => `${address} is no address and no name that is known: set HOST to one that is`,
  EADDRNOTAVAIL: (address) => `${address} is no address of this machine: set HOST to one that is`,
}

/** Why the program can't run, in one line for the person who started it. */
export const oneLine = (error: unknown): string => {
  if (!(error instanceof Error)) return `flowledger: ${String(error)}`
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  const hint = syscall === 'listen' && code !== undefined ? hints[code] : undefined
  const message = hint === undefined ? error.message : hint(`${address}:${port}`)
  return `flowledger: ${message.replaceAll(/\s*\n\s*/g, ' ')}`
}
