// Two readers of JSON that are not JSON.parse: one takes a key's first value, one its last. Lenient where readers are:
// raw control characters in strings, anything as white space below U+0021. Both say whether a key came twice.

export interface Read {
  value: unknown
  twofold: boolean
  depth: number
  keys: number
}

/** undefined for text that is not even leniently JSON. */
export function read(text: string, takes: 'first' | 'last'): Read | undefined {
  const reader = new Reader(text, takes)
  try {
    const value = reader.value(1)
    reader.space()
    return reader.at === text.length
      ? { value, twofold: reader.twofold, depth: reader.depth, keys: reader.keys }
      : undefined
  } catch {
    return undefined
  }
}

class Reader {
  at = 0
  twofold = false
  depth = 0
  keys = 0
  readonly text: string
  readonly takes: 'first' | 'last'

  constructor(text: string, takes: 'first' | 'last') {
    this.text = text
    this.takes = takes
  }

  value(depth: number): unknown {
    this.space()
    const char = this.text[this.at]
    if (char === '{') return this.object(depth)
    if (char === '[') return this.list(depth)
    if (char === '"') return this.string()
    const word = /^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)(?![\w.+-])/.exec(
      this.text.slice(this.at, this.at + 400),
    )?.[0]
    if (word === undefined) throw new SyntaxError('no value')
    this.at += word.length
    return JSON.parse(word)
  }

  object(depth: number): object {
    this.enter(depth)
    const members = new Map<string, unknown>()
    if (this.ends('}')) return {}
    do {
      this.space()
      const key = this.string()
      this.keys++
      this.expect(':')
      const value = this.value(depth + 1)
      if (members.has(key)) this.twofold = true
      if (!members.has(key) || this.takes === 'last') members.set(key, value)
    } while (this.more('}'))
    return Object.fromEntries(members)
  }

  list(depth: number): unknown[] {
    this.enter(depth)
    const items: unknown[] = []
    if (this.ends(']')) return items
    do items.push(this.value(depth + 1))
    while (this.more(']'))
    return items
  }

  string(): string {
    if (this.text[this.at] !== '"') throw new SyntaxError('no string')
    const start = this.at++
    for (; this.text[this.at] !== '"'; this.at++) {
      if (this.at >= this.text.length) throw new SyntaxError('unclosed')
      if (this.text[this.at] === '\\') this.at++
    }
    this.at++
    const raw = this.text.slice(start, this.at)
    return JSON.parse(
      raw.replaceAll(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ) as string
  }

  enter(depth: number): void {
    if (depth > 3_000) throw new RangeError('too deep')
    this.depth = Math.max(this.depth, depth)
    this.at++
  }

  ends(close: string): boolean {
    this.space()
    if (this.text[this.at] !== close) return false
    this.at++
    return true
  }

  more(close: string): boolean {
    if (this.ends(close)) return false
    this.expect(',')
    return true
  }

  expect(char: string): void {
    this.space()
    if (this.text[this.at++] !== char) throw new SyntaxError(`no ${char}`)
  }

  space(): void {
    while (this.at < this.text.length && this.text.charCodeAt(this.at) <= 0x20) this.at++
  }
}
