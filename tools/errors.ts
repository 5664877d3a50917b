// Writes docs/ERRORS.md from the table of refusals. `node tools/errors.ts` writes; with --check it fails when the file is not current.
import { readFileSync, writeFileSync } from 'node:fs'
import { rendering, whys } from '../src/refusal.ts'
import { requestRefusals } from '../src/refusals-of-requests.ts'

const head = `# Errors

Written by \`node tools/errors.ts\` from the one table in \`src/refusals-of-*.ts\`.

- **Over HTTP** (a wrong key, a malformed request, every plain route): status and a body of type \`application/problem+json\` with the RFC 9457 members and
  an OpenAI-shaped \`error { message, type, code, param }\`. \`x-request-id\` names the request; \`retry-after\` and \`x-should-retry\` say whether to come back: \`x-should-retry\` is \`true\`
  where that is within a minute, so that an SDK never sleeps through a day. \`retry-after\` of a spent budget is when its window ends. \`violated-policies\` names the bound that was gone beyond, as \`RateLimit\` headers do.
  \`type\` is \`urn:trunkline:problem:<code>\`; of budgets and suspensions one that programs may know:
  \`https://iana.org/assignments/http-problem-types#quota-exceeded\` (spent), \`#temporary-reduced-capacity\` (held), \`#abnormal-usage-detected\` (suspended).
- **On a call**: an \`error\` event with the same \`type\`, \`code\` and \`message\`, then a close whose reason is \`<type>.<code>\`. Where a retry is welcome the close
  comes 2 s after the event. Rows without a close code are answered and the call goes on; the event that caused it is not passed on.

| code | HTTP | close | retry after | says |
|---|---|---|---|---|
`
const rows = whys.map((why) => {
  const { http, close, type, code, retryAfterMs, says } = rendering(why)
  const retry = retryAfterMs === undefined ? '–' : `${retryAfterMs / 1000} s`
  return `| \`${type}.${code}\` | ${http} | ${close ?? (why in requestRefusals ? '–' : 'goes on')} | ${retry} | ${says} |`
})
const text = `${head}${rows.join('\n')}\n`

if (!process.argv.includes('--check')) writeFileSync('docs/ERRORS.md', text)
else if (readFileSync('docs/ERRORS.md', 'utf8') !== text) {
  console.error('docs/ERRORS.md is not current: run `node tools/errors.ts`')
  process.exit(1)
}
