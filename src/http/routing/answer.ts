import type { z } from 'zod'

/** Headers of an answer; a header that is undefined is not sent. */
export type AnswerHeaders = { readonly [name: string]: string | undefined }

/** A response as a value. `stream` and `text` bring their own media type, `body` is JSON. */
export interface Answer {
  readonly status: number
  readonly headers?: AnswerHeaders
  readonly body?: unknown
  readonly text?: string
  readonly contentType?: string
  /** Chunks that are written as they come, with back-pressure; a client that leaves ends it by its `return`. */
  readonly stream?: AsyncIterable<string>
}

/** What a route declares of one status: its body (JSON), or the media types it answers otherwise. */
export interface ResponseSpec {
  readonly description: string
  readonly body?: z.ZodType
  readonly headers?: readonly ResponseHeaderName[]
  /** Other media types of this status, with an example of what they hold. */
  readonly media?: { readonly [contentType: string]: { readonly description: string } }
}

export type ResponseHeaderName =
  | 'ETag'
  | 'Location'
  | 'Link'
  | 'X-Consistency-Token'
  | 'Idempotency-Replayed'
  | 'Preference-Applied'

export type Responses = { readonly [status: number]: ResponseSpec }

/** The answers that a route may give: one of its statuses, with the body that the status declares. */
export type AnswerOf<R extends Responses> = {
  [S in keyof R & number]: { readonly status: S; readonly headers?: AnswerHeaders } & (R[S] extends {
    readonly body: infer B extends z.ZodType
  }
    ?
        | { readonly body: z.input<B> }
        | (R[S] extends { readonly media: object }
            ? { readonly contentType: string; readonly stream: AsyncIterable<string> }
            : never)
    : R[S] extends { readonly media: object }
      ?
          | { readonly contentType: string; readonly text: string }
          | { readonly contentType: string; readonly stream: AsyncIterable<string> }
      : object)
}[keyof R & number]
