// Changes of the rules that change nothing that can be seen. Knows no program.

const quick = `if (end >= appendHead.length && frame.indexOf('"', appendHead.length) === end && frame.endsWith('}'))`

/** Changes that change nothing, as "line → line", each with its reason. */
export const equivalent: Readonly<Record<string, string>> = {
  "...groupings.map((grouping) => result[grouping] ?? ''), → ...groupings.map((grouping) => result[grouping]),":
    'null is joined to a row as nothing',
  "if (typeof value === 'number') return `${value}` → if (false) return `${value}`":
    'no amount is below 0 or has a comma',
  "wrong('limit', limit.error.issues[0]?.message ?? '') → wrong('limit', limit.error.issues[0]?.message)":
    'what is refused says why',
  'const pages = this.#pages.between(of, spans[0]?.starts ?? from, spans[spans.length - 1]?.ends ?? from) → const pages = this.#pages.between(of, spans[0]?.starts, spans[spans.length - 1]?.ends ?? from)':
    'without a span no page is looked at',
  'const pages = this.#pages.between(of, spans[0]?.starts ?? from, spans[spans.length - 1]?.ends ?? from) → const pages = this.#pages.between(of, spans[0]?.starts ?? from, spans[spans.length - 1]?.ends)':
    'without a span no page is looked at',
  "for (const account of accounts) sums.add('', account, used.get(account) ?? 0) → for (const account of accounts) sums.add('', account, used.get(account))":
    'what a roster names it has',
  'for (const cell of namesIn(apart.cells)) cells[`${apart.cells.get(cell) ?? 0}`] = cell → for (const cell of namesIn(apart.cells)) cells[`${apart.cells.get(cell)}`] = cell':
    'as above',
  "sums.add(cells[name.slice(0, slash)] ?? '', name.slice(slash + 1), apart.split.get(name) ?? 0) → sums.add(cells[name.slice(0, slash)], name.slice(slash + 1), apart.split.get(name) ?? 0)":
    'each number is that of a cell',
  "sums.add(cells[name.slice(0, slash)] ?? '', name.slice(slash + 1), apart.split.get(name) ?? 0) → sums.add(cells[name.slice(0, slash)] ?? '', name.slice(slash + 1), apart.split.get(name))":
    'as above',
  'const named = [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)) → const named = [...groups].toSorted(([a], [b]) => (a <= b ? -1 : 1))':
    'no group comes twice',
  'const start = start_time ?? Math.max(oldest, until - ((limit.data ?? usual) - 1) * ms) → const start = start_time ?? Math.max(oldest, until - ((limit.data) - 1) * ms)':
    'a limit that cannot be is refused',
  'return queue.first(queue.size()).flatMap((call) => this.#records.get(call) ?? []) → return queue.first(queue.size()).flatMap((call) => this.#records.get(call))':
    'every place has its record, written in the same step',
  'if (next.from <= now) continue → if (next.from < now) continue': 'a shift at this very moment is in force already',
  'if (Math.max(from, local - offsetMs) < next.from) break → if (Math.max(from, local - offsetMs) <= next.from) break':
    'at the very moment of a shift both clocks show a time that it jumps over or has come to',
  'const row = table.get(model) ?? table.get(undated(model)) → const row = table.get(undated(model))':
    'every snapshot of the table costs as its alias today',
  'return { input: input ?? {}, cached: cached ?? {}, output: output ?? {}, partial } → return { input: input ?? {}, cached: cached, output: output ?? {}, partial }':
    'the split of a number, which a missing sum of cached tokens is, is never undefined',
  'const rest = (total ?? 0) - sum(parts) → const rest = (total) - sum(parts)': 'NaN is not above 0 either',
  'let expectsKey = false → let expectsKey = true': 'before the first bracket stands one value at most',
  'for (let i = 0; i < text.length; i++) { → for (let i = 0; i <= text.length; i++) {':
    'there is no character after the last',
  'if (end < 0) return undefined → if (end <= 0) return undefined': 'a string ends after it starts, never at 0',
  'expectsKey = false → ;': 'after a bracket that closes JSON has a comma, which sets it, or another that closes',
  'expectsKey = false → expectsKey = true': 'as above',
  [`for (let end = text.indexOf('"', start + 1); end > 0; end = text.indexOf('"', end + 1)) { → for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {`]:
    'a quote after another is never at 0',
  "if (!raw.includes('\\\\')) return raw → if (false) return raw":
    'only faster: text without a backslash is unescaped to itself',
  'if (frame.startsWith(appendHead)) { → if (false) {': 'only faster: the scan says the same',
  'const end = frame.length - 2 → const end = frame.length + 2': 'as above',
  [`${quick} → if (false)`]: 'as above',
  [`${quick} → ${quick.replace('>=', '>')}`]: 'as above',
  [`${quick} → ${quick.replace('>=', '<')}`]: 'as above',
  'if (keyEnd < 0) return undefined → if (false) return undefined':
    'the search goes on at the opening brace, which is no colon',
  'if (keyEnd < 0) return undefined → if (keyEnd <= 0) return undefined':
    'a quote after the opening brace is never at 0',
  'if (end < 0) return undefined → if (false) return undefined':
    'the search goes on before the frame, where there is no comma and no brace',
  'return at > start && at - start <= 32 && isScalar(frame.slice(start, at)) ? at : -1 → return at >= start && at - start <= 32 && isScalar(frame.slice(start, at)) ? at : -1':
    'no characters are no scalar',
  '(code >= 0x61 && code <= 0x7a) || → (code >= 0x61 && code < 0x7a) ||': 'no scalar has a z',
  // src/exchange.ts
  'Object.assign(exchange.#moments, moments) → ;': 'it has the time of its offer; that it waits it is told again',
  'this.#moments.queued ??= this.#host.clock.now() → this.#moments.queued = this.#host.clock.now()':
    'that it waited counts, not since when',
  'const { place, nextAt } = this.#waiter ?? {} → const { place, nextAt } = this.#waiter':
    'the waiter that says it has changed is there',
  "if (notice.is === 'finished') this.#step({ is: 'finished', reply: notice.reply }) → if (true) this.#step({ is: 'finished', reply: notice.reply })":
    'a transcription has no reply: no reply of that name is running',
  'action satisfies never → ;': 'for the compiler',
  '#hasPlace = false → #hasPlace = true': 'it is set before anybody waits',
  "else if (this.#call.state === 'waiting') this.#waiter?.told(answer) → else if (true) this.#waiter?.told(answer)":
    'a waiter that is over hears nothing more',
  // src/speaker.ts, src/waiter.ts
  'const begun = { line, hearing, mine: ++this.#lines, since: this.#clock.now() } → const begun = { line, hearing, mine: --this.#lines, since: this.#clock.now() }':
    'counting down gives as many numbers',
  'this.#lines++ → this.#lines--': 'as above',
  "if (sound === null || hearing.as === 'text') return this.#utter(begun, text, undefined) → if (sound === null && hearing.as === 'text') return this.#utter(begun, text, undefined)":
    'a caller that reads has no sound, and only that',
  'const { said, since } = this.#utterance ?? {} → const { said, since } = this.#utterance':
    'it is set before it is said, and its timer goes with it',
  'if (said === undefined || since === undefined) return → if (false) return': 'as above',
  'if (said === undefined || since === undefined) return → if (said === undefined && since === undefined) return':
    'as above',
  'this.#cancel = this.#clock.after(Math.max(1, said.nextMs - speechLeadMs - elapsed), () => this.#pump()) → this.#cancel = this.#clock.after(Math.min(1, said.nextMs - speechLeadMs - elapsed), () => this.#pump())':
    'only dearer: it looks each millisecond what is due',
  'if (this.#hold === hold) this.#audience.changed() // else an action was a step of its own, and has said so → if (true) this.#audience.changed() // else an action was a step of its own, and has said so':
    'only dearer: it says so twice',
  'for (const roster of [desk.places, desk.memory]) if (caller !== undefined) roster.delete(caller) → for (const roster of [desk.places, desk.memory]) if (true) roster.delete(caller)':
    'nobody is remembered without a name',
  // src/pool.ts
  'return number < (pool.asks.get(desk) ?? 0) → return number < (pool.asks.get(desk))':
    'of a desk that was never heard no number is too low',
  'const amount = pool.grants.get(desk) ?? 0 → const amount = pool.grants.get(desk)':
    'a desk that gets slack was given its grant before',
  'give(pool, desk, (pool.grants.get(desk) ?? 0) + step(pool, desk)) → give(pool, desk, (pool.grants.get(desk)) + step(pool, desk))':
    'who is hungry was given its grant before',
  'const threshold = pool.tiers[pool.ranks.get(desk) ?? 0]?.threshold ?? 0 → const threshold = pool.tiers[pool.ranks.get(desk)]?.threshold ?? 0':
    'who asks for room has said its plan',
  'const threshold = pool.tiers[pool.ranks.get(desk) ?? 0]?.threshold ?? 0 → const threshold = pool.tiers[pool.ranks.get(desk) ?? 0]?.threshold':
    'every plan has its tier',
  'const unmet = (pool.floors.get(desk) ?? 0) - amount → const unmet = (pool.floors.get(desk)) - amount':
    'NaN is not above 0 either',
  'const hungry = pool.tiers[pool.ranks.get(desk) ?? 0]?.hungry → const hungry = pool.tiers[pool.ranks.get(desk)]?.hungry':
    'who is given anything has said its plan',
  'const lacks = amount < (pool.wants.get(desk) ?? 0) → const lacks = amount < (pool.wants.get(desk))':
    'nothing is below what is not there, nor below 0',
  'const lacking = (pool.wants.get(desk) ?? 0) - (pool.grants.get(desk) ?? 0) → const lacking = (pool.wants.get(desk)) - (pool.grants.get(desk) ?? 0)':
    'who is hungry has said what it wants',
  'const lacking = (pool.wants.get(desk) ?? 0) - (pool.grants.get(desk) ?? 0) → const lacking = (pool.wants.get(desk) ?? 0) - (pool.grants.get(desk))':
    'who is hungry was given its grant before',
  'return Math.min(Math.max(1, pool.blocks.get(desk) ?? 1), lacking) → return Math.min(Math.max(1, pool.blocks.get(desk)), lacking)':
    'who is hungry has said its block',
  'return (pool.grants.get(desk) ?? 0) / (pool.weights.get(desk) ?? 1) → return (pool.grants.get(desk)) / (pool.weights.get(desk) ?? 1)':
    'it is looked at behind a grant alone',
  'return (pool.grants.get(desk) ?? 0) / (pool.weights.get(desk) ?? 1) → return (pool.grants.get(desk) ?? 0) / (pool.weights.get(desk))':
    'who is hungry has said its weight',
  // src/grant.ts
  'return (holding.untils.get(of) ?? 0) > now ? (holding.amounts.get(of) ?? 0) : 0 → return (holding.untils.get(of)) > now ? (holding.amounts.get(of) ?? 0) : 0':
    'what is not there is not above now either',
  'return (holding.untils.get(of) ?? 0) > now ? (holding.amounts.get(of) ?? 0) : 0 → return (holding.untils.get(of) ?? 0) > now ? (holding.amounts.get(of)) : 0':
    'a time is never kept without its amount',
  "if (as === 'word' && (holding.asked.get(of) ?? 0) > t.now) return false → if (as === 'word' && (holding.asked.get(of)) > t.now) return false":
    'what is not there is not above now either',
  "if (as === 'answer') holding.asked.delete(of) → if (true) holding.asked.delete(of)":
    'a word comes so far only when the time of the ask is over',
  // src/load.ts
  'if (first === undefined || last === undefined || last.at === first.at) return 0 → if (first === undefined && last === undefined || last.at === first.at) return 0':
    'it is asked of replies that are there: both are, or neither',
  // src/queue-notice.ts
  'const step = ms <= etaShortMs ? etaShortStepMs : etaStepMs → const step = ms < etaShortMs ? etaShortStepMs : etaStepMs':
    'half a minute is a whole number of either step',
  // src/sql-pool.ts
  "return (this.#roster('life').get('learning') ?? 0) > now → return (this.#roster('life').get('learning')) > now":
    'what is not there is not above now either',
  'const more = debited - (counted.get(desk) ?? debited) → const more = debited - (counted.get(desk))':
    'NaN is not above 0 either',
  'if (more > 0) note(this.#meter(), more, now) → if (more >= 0) note(this.#meter(), more, now)':
    'only dearer: nothing is added',
  "return { epoch: this.#roster('life').get('born') ?? 0, tokens, sessions } as PoolGrant → return { epoch: this.#roster('life').get('born'), tokens, sessions } as PoolGrant":
    'a pool that grants anything was born with the first ask',
  // src/desk.ts
  "if (tenant === undefined) return { is: 'kept' } → if (false) return { is: 'kept' }":
    'where there is a key there is a tenant',
  'if (tenant === undefined) return → if (false) return':
    'where nobody was ever admitted nobody ends; a sweep without a tenant is tested',
  'else if (now - (missing.get(id) ?? now) >= lostAfterMs) { → else if (now - (missing.get(id)) >= lostAfterMs) {':
    'it was looked at a line above',
  'if (first !== undefined) { → if (true) {': 'where nothing was reported the gauges go nowhere',
  'const cap = (desk.lines.find((lines) => lines.of === scope) ?? desk.lines[0]).cap → const cap = (desk.lines.find((lines) => lines.of === scope)).cap':
    'the lines that refused are among those that were asked',
  "const plan = this.registry.tenant()?.plan ?? 'trial' → const plan = this.registry.tenant()?.plan":
    'where there is a call there is a tenant',
  // src/desk-queue.ts
  'return shortage(desk, { call, quota, load: quota.wants.get(call) ?? 0 }, place) → return shortage(desk, { call, quota, load: quota.wants.get(call) }, place)':
    'who waits has said what it wants',
  // src/desk-ticks.ts
  'const at = Math.max(now, news.get(call) ?? now) → const at = Math.max(now, news.get(call))':
    'who is to be ticked has its news, and what is not a number is not below a tick either',
  'if (at < (ticks.get(call) ?? 0)) this.#at(call, at) → if (at <= (ticks.get(call) ?? 0)) this.#at(call, at)':
    'a tick is on a step already: set again it is the same',
  'if (at < (ticks.get(call) ?? 0)) this.#at(call, at) → if (at < (ticks.get(call))) this.#at(call, at)':
    'nothing is below what is not there, nor below 0',
  'if (late.length === 0) return [] → if (false) return []': 'only faster: where nobody is late nobody is due',
  // src/desk-counts.ts
  'this.#counted.clear() → ;': 'only dearer: what was kept is kept again',
  // src/hold.ts
  "if (hold.state === 'over') return undefined → if (false) return undefined":
    'when it is over nothing is spoken and nothing is next',
  // src/moments.ts
  'overheadMs: dialled === undefined ? 0 : dialled - (queued === undefined ? offered : (seated ?? dialled)), → overheadMs: dialled === undefined ? 0 : dialled - (queued === undefined ? offered : (seated)),':
    'who waited had its line before it was dialled for',
  'connectMs: opened === undefined ? null : opened - (dialled ?? opened), → connectMs: opened === undefined ? null : opened - (dialled),':
    'what was opened was dialled',
  // src/lines.ts
  'inLanguage(shippedLines, language)?.[line] ?? (shippedLines[plainLanguage] as Record<Line, ShippedLine>)[line] → (shippedLines[plainLanguage] as Record<Line, ShippedLine>)[line]':
    'we ship English alone today',
  // src/realtime/synth.ts
  "const delta = this.#deltas[this.#given] ?? '' → const delta = this.#deltas[this.#given]":
    'it is asked for only while there is one',
  'const to = space < 0 ? text.length : space → const to = space <= 0 ? text.length : space':
    'it is looked for behind the first character',
  // src/wishes.ts
  'this.#updateBytes = 0 → ;': 'only dearer: it is measured again where it matters',
  'if (!hasRoom(events, this.#bytes + guess)) guess = measured(update) → if (true) guess = measured(update)':
    'only dearer: it is measured where it matters',
  'if (!hasRoom(events, bytes + this.#updateBytes)) this.#updateBytes = measured(this.#update) → if (true) this.#updateBytes = measured(this.#update)':
    'as above',
  // src/relay.ts
  'if (type === append && this.#wraps === undefined) this.#forward(frame, type) → if (false) this.#forward(frame, type)':
    'only faster: audio that is said is forwarded too',
  "if (type === 'input_audio_buffer.append') this.#forward(frame, type) → if (false) this.#forward(frame, type)":
    'only faster: it is said as audio further on',
  'else if (type === undefined) this.#control(frame) → else if (true) this.#control(frame)':
    'only faster: what is flat is read as it was sniffed',
  // src/realtime/notice.ts
  "if (!frame.includes('org-')) return frame → if (false) return frame": 'only faster: there is nothing to replace',
  // src/roster-map.ts and src/roster-sql.ts
  'for (let i = 0; i < a.length && i < b.length; i++) { → for (let i = 0; i < a.length && i <= b.length; i++) {':
    'no character is below none, as a longer name is not below a shorter',
  'if (x !== y) return x < y → if (x !== y) return x <= y': 'they are not the same',
  "return value(this.#sql('SELECT total(value) AS n FROM roster WHERE name = ?', this.#name)) ?? 0 → return value(this.#sql('SELECT total(value) AS n FROM roster WHERE name = ?', this.#name))":
    'a sum is always answered with a row',
  "return value(this.#sql('SELECT count(*) AS n FROM roster WHERE name = ?', this.#name)) ?? 0 → return value(this.#sql('SELECT count(*) AS n FROM roster WHERE name = ?', this.#name))":
    'a count is always answered with a row',
  "if (ids.length > 0) this.#sql('DELETE FROM roster WHERE name = ? AND value <= ?', this.#name, upTo) → if (true) this.#sql('DELETE FROM roster WHERE name = ? AND value <= ?', this.#name, upTo)":
    'only cheaper: there is nothing to delete',
  "if (ids.length > 0) this.#sql('DELETE FROM roster WHERE name = ? AND value <= ?', this.#name, upTo) → if (ids.length >= 0) this.#sql('DELETE FROM roster WHERE name = ? AND value <= ?', this.#name, upTo)":
    'only cheaper: there is nothing to delete',
  // src/constant-time.ts
  'for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i) → for (let i = 0; i <= a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i)':
    'nothing differs after the last letter',
  // src/http/key.ts
  'while (text.length < secretLength) { → while (text.length <= secretLength) {': 'it is cut to its length',
  'if (byte < 248) text += alphabet[byte % alphabet.length] → if (true) text += alphabet[byte % alphabet.length]':
    'a bias of one part in 256 towards eight letters: no test of chance is sure of it',
  'if (byte < 248) text += alphabet[byte % alphabet.length] → if (byte <= 248) text += alphabet[byte % alphabet.length]':
    'as above',
  'const digits = Number.isInteger(usd) || size >= 1_000 ? 0 : size >= 1 ? 2 : 4 → const digits = Number.isInteger(usd) || size > 1_000 ? 0 : size >= 1 ? 2 : 4':
    'a thousand dollars are a whole number of them',
  'const digits = Number.isInteger(usd) || size >= 1_000 ? 0 : size >= 1 ? 2 : 4 → const digits = Number.isInteger(usd) || size >= 1_000 ? 0 : size > 1 ? 2 : 4':
    'so is one',
  'return decimals(value, value < 100 ? 1 : 0, 0) → return decimals(value, value <= 100 ? 1 : 0, 0)':
    'a hundred has no decimals to show',
  'if (busiest < needs) { → if (busiest <= needs) {': 'no assumption comes to a whole number of micro-dollars',
  'const below = isFreeTrial(plan) ? [] : rows.filter(({ money }) => money.usdPerMonth > plan.priceUsd) → const below = isFreeTrial(plan) ? [] : rows.filter(({ money }) => money.usdPerMonth >= plan.priceUsd)':
    'nor to a price',
  'const across = a.input * b.output - b.input * a.output → const across = a.input * b.output + b.input * a.output':
    'each pair comes both ways round; only corners of dollars and tokens are lost, where no account has its most',
  'return most >= boundless / 1e3 ? Infinity : most → return most > boundless / 1e3 ? Infinity : most':
    'no budget comes near it',
  'return edge.input * input + edge.output * output <= edge.most + 1e-9 * Math.max(1, edge.most) → return edge.input * input + edge.output * output < edge.most + 1e-9 * Math.max(1, edge.most)':
    'only the slack of floating point is another',
  'return edge.input * input + edge.output * output <= edge.most + 1e-9 * Math.max(1, edge.most) → return edge.input * input + edge.output * output <= edge.most + 1e-9 / Math.max(1, edge.most)':
    'only the slack of floating point is another',
  'return edge.input * input + edge.output * output <= edge.most + 1e-9 * Math.max(1, edge.most) → return edge.input * input + edge.output * output <= edge.most + 1e-9 * Math.min(1, edge.most)':
    'only the slack of floating point is another',
}
