/** Whether the caller asks for this media type by name; wildcards get the default. */
export const accepts = (accept: string | undefined, mediaType: string): boolean =>
  accept?.split(',').some((part) => {
    const [type, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    return type === mediaType && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
  }) ?? false
