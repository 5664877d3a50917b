#!/usr/bin/env node
// The first file of the built package: says which Node is needed before a file is read that an older one cannot run. `npm run build` copies it.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 15)) await import('./broker.js')
else {
  process.stderr.write(
    `Trunkline needs Node 22.15 or newer, and this is ${process.versions.node}: install a newer one.\n`,
  )
  process.exitCode = 2
}
