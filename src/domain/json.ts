/** A value as JSON (RFC 8259) knows it. Events, inputs and outputs hold nothing else. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject
export type JsonObject = { [key: string]: JsonValue }
