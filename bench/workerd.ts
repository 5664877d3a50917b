// Where workerd is, and which. Refuses to know what it runs.
import { createRequire } from 'node:module'

// The package has no types; wrangler brings it.
const found = createRequire(import.meta.url)('workerd') as { default: string; version: string }

export const workerd: string = found.default
export const workerdVersion: string = found.version
