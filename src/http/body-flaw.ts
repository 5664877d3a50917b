// What is wrong with a parsed body whatever it is meant for: nested deeper than can be walked by calls, or with a member that JavaScript
// would take for an object's prototype and drop. Knows no schema. Rule A2.
import { eventDepth } from '../limits.ts'

interface Node {
  value: unknown
  name: string
  within: Node | undefined
  depth: number
}

export interface Flaw {
  path: string
  says: string
}

export function flawOf(body: unknown): Flaw | undefined {
  const left: Node[] = [{ value: body, name: '', within: undefined, depth: 0 }]
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    const { value, depth } = node
    if (typeof value !== 'object' || value === null) continue
    if (depth === eventDepth) return { path: pathOf(node), says: `is nested deeper than ${eventDepth} levels` }
    for (const [name, inner] of Object.entries(value)) {
      const member = { value: inner, name, within: node, depth: depth + 1 }
      if (name === '__proto__') return { path: pathOf(member), says: 'is no name that a member may have' }
      left.push(member)
    }
  }
  return undefined
}

/** As far as anybody would read it. */
function pathOf(node: Node): string {
  const names: string[] = []
  for (let at: Node | undefined = node; at?.within !== undefined; at = at.within) names.unshift(at.name)
  return names.join('.').slice(0, 200)
}
