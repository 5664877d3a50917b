// What goes wrong between a broker and its store, as one closed union with a sentence each. Knows no rule.

export type StoreTrouble =
  | 'unreachable' // nobody answers at the address
  | 'slow' // no answer in time: whether it ran is not known
  | 'cut' // the connection ended before the answer came: whether it ran is not known
  | 'password' // wrong, missing, or not wanted
  | 'forbidden' // this user may not do it
  | 'version' // older than 7.0
  | 'functions' // none in this server
  | 'replica' // not a master
  | 'full' // no memory for writes
  | 'evicting' // its policy throws our keys away
  | 'loading' // it still reads its files
  | 'cluster' // a cluster that serves not all slots, or one where none was named
  | 'error' // the command itself failed

/** The store could not do what it was asked. Its message names no secret. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault'
  readonly trouble: StoreTrouble
  /** It certainly did not run. */
  readonly unrun: boolean

  constructor(trouble: StoreTrouble, sentence: string, unrun: boolean) {
    super(sentence)
    this.trouble = trouble
    this.unrun = unrun
  }
}
