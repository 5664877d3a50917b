// The operator's key as whoever runs the broker has set it: whether it could ever come as a bearer token. Knows no host. Rule K5.

/** Without a comma, which joins header fields, and nothing that a client would have to encode. Shorter ones can be guessed. */
const shape = /^[\x21-\x2b\x2d-\x7e]{16,}$/

/** What surrounds it is no part of it: a file ends with a line end. `problem`: the end of a sentence, without a character of the key. */
export function operatorKeyOf(set: string | undefined): { key: string } | { problem: string } {
  const key = set?.trim() ?? ''
  if (key === '') return { problem: 'is not set' }
  if (shape.test(key)) return { key }
  return {
    problem:
      'can be no bearer token that is hard to guess: choose 16 or more letters, digits and signs, without spaces, commas or accents',
  }
}
