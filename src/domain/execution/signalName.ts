import { invalid } from '../errors.js'

/** Names of signals: what a node may wait for, and what may be sent. */
export const signalNamePattern = /^[A-Za-z0-9_.:-]{1,128}$/

/** Throws `invalid_signal_name` where no node can wait for it. */
export const checkSignalName = (name: string): void => {
  if (signalNamePattern.test(name)) return
  const detail = 'A signal is named by 1 to 128 letters, digits, _ . : or -.'
  throw invalid('invalid_signal_name', detail, [{ pointer: '/name', code: 'invalid_signal_name', detail }])
}
