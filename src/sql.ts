// The synchronous SQL that a host brings: a Durable Object's storage or node:sqlite. Knows no table.

export type SqlValue = string | number | null | Uint8Array
/** A blob comes back as its host has it: an ArrayBuffer from a Durable Object, a Uint8Array from node:sqlite. */
export type SqlRow = Record<string, SqlValue | ArrayBuffer>

/** Runs one statement with its bindings and returns all rows. */
export type Sql = (query: string, ...bindings: SqlValue[]) => SqlRow[]

/** Runs `work` as one transaction: all of it happens, or, when it throws, none. */
export type Transact = <T>(work: () => T) => T
