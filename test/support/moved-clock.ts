// The clock of a process that a test moves, by libfaketime: what it tells of the time of day; time that only passes stays as it is.
import { writeFileSync } from 'node:fs'

/** redis-server's allocator calls the clock before libfaketime is ready and hangs; libc's, found first, does not. */
const preload = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 /lib/x86_64-linux-gnu/libc.so.6'

export class MovedClock {
  readonly env: Readonly<Record<string, string>>
  readonly #file: string

  /** `file`: where the process reads how far it is moved. */
  constructor(file: string) {
    this.#file = file
    this.env = {
      LD_PRELOAD: preload,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
  }

  /** So far from the true time; also before the process begins. */
  move(seconds: number): void {
    writeFileSync(this.#file, `${seconds < 0 ? '' : '+'}${seconds}\n`)
  }
}
