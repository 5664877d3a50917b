// The desks that a node knows: each is made when it is asked for first, and forgotten once nothing happens at it and many others came since.
// Knows no store and no tenant.

export interface OpenDesksHost<D> {
  /** Desks that are remembered though nothing happens at them; those at which something does are no part of it. */
  idleMost: number
  make: (tenant: string) => D
  /** Nothing is under way at it: made again it is the same desk. */
  idle: (desk: D) => boolean
  forgotten: (tenant: string) => void
}

export class OpenDesks<D> {
  readonly #host: OpenDesksHost<D>
  /** The one that was not used for the longest time comes first. */
  readonly #open = new Map<string, D>()

  constructor(host: OpenDesksHost<D>) {
    this.#host = host
  }

  of(tenant: string): D {
    const known = this.#open.get(tenant)
    const desk = known ?? this.#host.make(tenant)
    this.#open.delete(tenant)
    this.#open.set(tenant, desk)
    if (known === undefined) this.#forgetIdle()
    return desk
  }

  /** With their tenants. */
  all(): [string, D][] {
    return [...this.#open]
  }

  /** The one that was just asked for is the last of all. */
  #forgetIdle(): void {
    const { idleMost, idle, forgotten } = this.#host
    if (this.#open.size <= idleMost) return
    const quiet = this.all().filter(([, desk]) => idle(desk))
    for (const [tenant] of quiet.slice(0, -idleMost)) {
      this.#open.delete(tenant)
      forgotten(tenant)
    }
  }
}
