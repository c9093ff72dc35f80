/** Names of signals: what a node may wait for, and what may be sent. */
export const signalNamePattern = /^[A-Za-z0-9_.:-]{1,128}$/
