/** A text of somebody else's (a library's, a log line) as a sentence, which is how every `detail` of a problem is written. */
export const sentence = (text: string): string => {
  const said = text.trim()
  const end = /[.!?…]$/.test(said) ? '' : '.'
  return said.charAt(0).toUpperCase() + said.slice(1) + end
}
