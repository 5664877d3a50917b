// Where Redis is and how one comes in: `redis://user:password@host:6379`, `rediss://` with TLS, several with commas between. Dials nobody.

export interface Place {
  readonly host: string
  readonly port: number
}

export interface Address {
  readonly places: readonly Place[]
  readonly tls: boolean
  readonly username: string | undefined
  readonly password: string | undefined
}

const defaultPort = 6379
const wanted = 'give redis://[user:password@]host[:port], rediss:// with TLS, several with commas between'

/** Throws a sentence, without the password, that says what would be right. Whoever is named first brings user and password for all. */
export function readAddress(text: string): Address {
  const urls = text.split(',').map((part) => {
    const url = URL.canParse(part.trim()) ? new URL(part.trim()) : undefined
    if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
      throw new Error(`The address of Redis cannot be read: ${wanted}.`)
    }
    if (url.search !== '' || url.hash !== '')
      throw new Error(`The address of Redis takes no options after "?": ${wanted}.`)
    return url
  })
  const [first] = urls
  if (first === undefined) throw new Error(`The address of Redis is empty: ${wanted}.`)
  if (urls.some(({ protocol }) => protocol !== first.protocol)) {
    throw new Error('The addresses of Redis mix redis:// and rediss://: use one of them for all.')
  }
  if (urls.some(({ pathname }) => !['', '/', '/0'].includes(pathname))) {
    throw new Error('The broker uses database 0 of Redis, as a cluster does: leave the path of its address out.')
  }
  return {
    places: urls.map(({ hostname, port }) => ({ host: bare(hostname), port: Number(port) || defaultPort })),
    tls: first.protocol === 'rediss:',
    username: decoded(first.username),
    password: decoded(first.password),
  }
}

export function nameOf({ host, port }: Place): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** As a redirection of the cluster names it; an empty host is that of whoever said so. */
export function placeOf(name: string, said: Place): Place {
  const cut = name.lastIndexOf(':')
  return { host: bare(name.slice(0, cut)) || said.host, port: Number(name.slice(cut + 1)) }
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text) || undefined
  } catch {
    throw new Error('User and password in the address of Redis are percent-encoded: write % as %25.')
  }
}
