-- The functions that the broker calls: one for desks, one for pools, each with the name of a step, who asks (node and epoch) and what it
-- asks with, as JSON. The one key that is declared gives the hash tag of all the others. Steps answer JSON, or nothing.
-- One function with the step's name, because every step is the same frame: who asks, time, homes, what is kept, what is published.

-- The time of the steps never goes back: where Redis' clock is put back it goes on at nine tenths of its pace until that has come up to it. So
-- who came first stays first, and what was given for a while is over after it. For each version of these functions and each life of Redis.
local read_last, told_last = 0, 0
local function time()
    local now = redis.call('TIME')
    local read = now[1] * 1000 + math.floor(now[2] / 1000)
    told_last = math.max(read, told_last + math.max(0, read - read_last) * 0.9)
    read_last = read
    return math.floor(told_last)
end

local new = modules.lualib_bundle.__TS__New
local desk_steps, pool_steps = {}, {}

-- Terms are made of the documents, where JSON is at home.
local function decision(homes, decided, offer)
    if decided.admission.terms ~= nil then
        decided.admission.terms = nil
        decided.tenant, decided.key = homes.registry:text(), homes.registry:key_text(offer.keyHash)
    end
    return decided
end

-- The node that a call came to has it from now on.
local function entered(desk, ask, now, homes, told)
    if told == nil then return nil end
    if told.is == 'granted' or told.is == 'queued' then
        homes.rosters('of:' .. homes.node):set(ask.offer.call, homes.epoch)
    end
    return decision(homes, desk:decision(told, ask.offer.pool, now), ask.offer)
end

-- The wake is on its way before anybody hears the answer: no seat is lost with the node that asked.
local function woken(homes, seated)
    if #seated > 0 then redis.call('SPUBLISH', homes.prefix .. 'seated', cjson.encode(seated)) end
    return seated
end

function desk_steps.admit(desk, ask, now, homes)
    return entered(desk, ask, now, homes, desk:admit(ask.offer, now))
end

function desk_steps.consider(desk, ask, now, homes)
    return entered(desk, ask, now, homes, desk:consider(ask.offer, now)) or { open = true }
end

function desk_steps.barred(desk, ask, now)
    return { refusal = desk:barred(ask.offer, now) }
end

function desk_steps.leave(desk, ask, now)
    return desk:leave(ask.ref, now)
end

-- A call that a lost store has forgotten is written down again by its first word: it is live, and what it takes is debited (G5, L1).
local function adopt(ask, homes)
    if ask.known == nil then return end
    local ref, known = ask.ref, ask.known
    local call = { id = ref.call, key = ref.key, agent = ref.agent, pool = ref.pool, model = known.model }
    call.began, call.admitted = known.began, known.began
    homes.records:open(call)
end

function desk_steps.renew(desk, ask, now, homes)
    adopt(ask, homes)
    local heard = desk:renew(ask.ref, ask.load, ask.progress, now)
    if heard.renewal.is == 'kept' then homes.rosters('of:' .. homes.node):set(ask.ref.call, homes.epoch) end
    return heard
end

function desk_steps.debit(desk, ask, now, homes)
    adopt(ask, homes)
    return desk:debit(ask.ref, ask.entries, ask.progress, now)
end

desk_steps['end'] = function(desk, ask, now, homes)
    adopt(ask, homes)
    local left = desk['end'](desk, ask.ref, ask.entries, ask.record, now)
    homes.rosters('of:' .. homes.node):delete(ask.ref.call)
    return left
end

-- One that waited for its pool's answer has a ticket and no record yet.
function desk_steps.lose(desk, ask, now, homes)
    local offer, key = ask.offer, homes.registry:keyByHash(ask.offer.keyHash)
    desk:lose(offer.call, now)
    desk:leave({ call = offer.call, key = key and key.id or '', agent = offer.agent, caller = offer.caller, pool = offer.pool }, now)
    homes.rosters('of:' .. homes.node):delete(offer.call)
end

function desk_steps.loseNode(desk, ask, now, homes)
    for _, call in ipairs(homes.rosters('of:' .. ask.node):purge(ask.epoch)) do desk:lose(call, now) end
end

function desk_steps.judge(desk, _, now)
    return desk:judge(now)
end

function desk_steps.affected(desk, _, now)
    return desk:affected(now)
end

function desk_steps.resume(desk, _, now)
    return desk:resume(now)
end

function desk_steps.sweep(desk, _, now, homes)
    return { alerts = desk:sweep(now), stale = homes.registry:stale(now) }
end

function desk_steps.ask(desk, ask, now)
    return desk:ask(ask.pool, now)
end

function desk_steps.regrant(desk, ask, now, homes)
    local told = desk:regrant(ask.pool, ask.grant, ask.as, now)
    woken(homes, told.seated)
    return told
end

function desk_steps.pools(desk)
    return desk:pools()
end

function desk_steps.read(desk, _, now, homes)
    local reading = desk:read(now)
    reading.tenant = homes.registry:text()
    return reading
end

function desk_steps.me(desk, ask, now, homes)
    local key = homes.registry:keyByHash(ask.hash)
    if key == nil then return nil end
    if not modules.plan.keyValid(key, now) then return { why = 'key_revoked' } end
    return { reading = desk_steps.read(desk, ask, now, homes), key = homes.registry:key_text(ask.hash) }
end

function desk_steps.usage(desk, ask, now, homes)
    local reading = desk.usage:reading(ask, now)
    reading.tenant = homes.registry:text()
    return reading
end

function desk_steps.report(desk, _, now, homes)
    local tenant = homes.registry:tenant()
    return { plan = tenant.plan, gauges = desk:gauges(tenant, now), sums = homes.counts:sums() }
end

function desk_steps.calls(_, ask, _, homes)
    return homes.records:list(ask.limit, ask.before)
end

function desk_steps.openCalls(_, _, _, homes)
    return homes.records:openCalls()
end

function desk_steps.audit(_, ask, _, homes)
    return homes.audit:list(ask.limit, ask.before)
end

function desk_steps.queueReading(desk, _, now)
    return desk.queue:reading(now)
end

function desk_steps.removeCaller(desk, ask, now)
    return desk.queue:remove(ask.call, now)
end

-- Documents as they are, and the number of the edit that made them so: an edit that was computed on others is refused.
function desk_steps.documents(_, _, now, homes)
    local registry = homes.registry
    local sounds = values_of(homes.prefix .. 'sounds')
    local revision = tonumber(redis.call('HGET', homes.documents, 'revision'))
    local hooks, states = values_of(homes.hooks.at), values_of(homes.hooks.states)
    local documents = { revision = revision, tenant = registry:text(), keys = values_of(registry.keys_at), now = now }
    documents.sounds, documents.hooks, documents.states = sounds, hooks, states
    return documents
end

-- What is not given stays: `tenant` with its `gist`, `keys` by id, `hashes` by digest, `sound` with its bytes, `drop`: a sound's id,
-- `hook` by id, `unhook` and `forsake`: ids of hooks, `audit`: what is noted of it, a text each.
function desk_steps.edit(desk, ask, now, homes, bytes)
    local revision = tonumber(redis.call('HGET', homes.documents, 'revision') or 0)
    if ask.revision ~= revision then return { done = false } end
    redis.call('HSET', homes.documents, 'revision', revision + 1)
    if ask.tenant ~= nil then redis.call('HSET', homes.documents, 'tenant', ask.tenant, 'gist', ask.gist) end
    for id, text in pairs(ask.keys or {}) do redis.call('HSET', homes.registry.keys_at, id, text) end
    for hash, id in pairs(ask.hashes or {}) do redis.call('HSET', homes.registry.hashes, hash, id) end
    if ask.sound ~= nil then
        redis.call('HSET', homes.prefix .. 'sounds', ask.sound.id, ask.sound.text)
        redis.call('HSET', homes.prefix .. 'sound:' .. ask.sound.id, 'pcm', bytes[1], 'pcmu', bytes[2], 'pcma', bytes[3])
    end
    if ask.drop ~= nil then
        redis.call('HDEL', homes.prefix .. 'sounds', ask.drop)
        redis.call('DEL', homes.prefix .. 'sound:' .. ask.drop)
    end
    if ask.hook ~= nil then redis.call('HSET', homes.hooks.at, ask.hook.id, ask.hook.text) end
    if ask.unhook ~= nil then
        desk.outbox:forsake(ask.unhook)
        for _, key in ipairs({ homes.hooks.at, homes.hooks.states }) do redis.call('HDEL', key, ask.unhook) end
    end
    if ask.forsake ~= nil then desk.outbox:forsake(ask.forsake) end
    for _, text in ipairs(ask.audit) do homes.audit:write(text, now) end
    homes.registry.gist = nil
    desk:holdNarrow()
    return { done = true, seated = woken(homes, desk:advance(now)) }
end

function desk_steps.nextMessage(desk, _, now)
    return desk.outbox:next(now)
end

function desk_steps.settleMessage(desk, ask, now)
    desk.outbox:settle(ask.attempt, ask.outcome, ask.chance, now)
end

function desk_steps.noteHook(desk, ask, now)
    desk.outbox:note(ask.tried, ask.outcome, now)
end

-- In base64, as the broker wrote it: text passes every client unchanged.
function desk_steps.sound(_, ask, _, homes)
    return redis.call('HGET', homes.prefix .. 'sound:' .. ask.id, ask.column) or nil
end

-- All that a preview needs, to be tried on a copy: rosters, names and values in turn, and the open calls. Of the ledger what is used in the
-- windows of now, by any clock: they ended within two days, or have not ended.
function desk_steps.snapshot(desk, _, now, homes)
    local documents = desk_steps.documents(desk, _, now, homes)
    local names = { 'leases', 'queue', 'tickets', 'places', 'memory', 'pools', 'state', 'reply' }
    for _, part in ipairs({ 'input', 'output', 'micro_usd', 'untils' }) do names[#names + 1] = 'held:' .. part end
    for id in pairs(documents.keys) do names[#names + 1] = 'leases:' .. id end
    for agent in pairs(homes.registry:tenant().caps.agents) do names[#names + 1] = 'leases:agent:' .. agent end
    for _, pool in ipairs(desk:pools()) do
        for _, name in ipairs({ 'loads:', 'wants:' }) do names[#names + 1] = name .. pool end
    end
    for _, window in ipairs({ 'hour', 'day', 'month' }) do
        local windows = homes.rosters('windows:' .. window).key
        for _, id in ipairs(redis.call('ZRANGEBYSCORE', windows, now - 2 * 86400000, '+inf')) do names[#names + 1] = 'used:' .. id end
    end
    for _, call in ipairs(homes.records:openIds()) do names[#names + 1] = 'metered:' .. call end
    documents.rosters = {}
    for _, name in ipairs(names) do
        documents.rosters[name] = redis.call('ZRANGE', homes.rosters(name).key, 0, -1, 'WITHSCORES')
    end
    documents.calls = homes.records:openCalls()
    return documents
end

-- A host that was started anew knows nothing of its calls before: they are freed. One of before is not heard any more (G9). Answers how
-- many lines were freed by it, or nothing to one of before.
local function freed(desk, homes, now)
    local known = homes.rosters('nodes'):get(homes.node) or 0
    if homes.epoch < known then return nil end
    if homes.epoch == known then return 0 end
    homes.rosters('nodes'):set(homes.node, homes.epoch)
    local leases, lines = homes.rosters('leases'), 0
    for _, call in ipairs(homes.rosters('of:' .. homes.node):purge(homes.epoch - 1)) do
        if leases:get(call) ~= nil then lines = lines + 1 end
        desk:lose(call, now)
    end
    return lines
end

local function desk_step(keys, args)
    local prefix = string.match(keys[1], '^[^{]*{[^}]*}:')
    local read = time() -- once: the clock may be put forward between two looks at it
    local now = read
    local homes = homes_at(prefix, now)
    homes.prefix, homes.node, homes.epoch = prefix, args[2], tonumber(args[3])
    if homes.registry:tenant() == nil and args[1] ~= 'edit' then return false end -- nobody owns it: nothing is written
    local desk = new(modules['tenant-desk'].TenantDesk, homes)
    local held, newest = homes.held() -- before any of them is found to have run out
    local lines = freed(desk, homes, now)
    if lines == nil then return redis.error_reply('STALE a newer life of this node has been here') end
    homes.learn(held - lines, newest, silences_at(read))
    local answer = desk_steps[args[1]](desk, plain(cjson.decode(args[4])), now, homes, { args[5], args[6], args[7] })
    homes.keep()
    local told = answer ~= nil and cjson.encode(answer)
    -- A message waits for a webhook: whoever asked is told, whatever it asked for.
    if homes.mail_after ~= nil then return { told, string.format('%.0f', homes.mail_after) } end
    return told
end

function pool_steps.share(pool, ask, now)
    return pool.rules:share(ask.desk, ask.ask, pool.settings, now)
end

function pool_steps.settings(pool)
    return { revision = pool.revision, text = pool.text }
end

function pool_steps.change(pool, ask, now)
    if ask.revision ~= pool.revision then return { done = false } end
    redis.call('HSET', pool.documents, 'settings', ask.text, 'revision', pool.revision + 1)
    return { done = true, words = pool.rules:refill(pool.settings, decoded(ask.text), now) }
end

-- Under the settings that are given, or those in force.
function pool_steps.figures(pool, ask, now)
    local text = ask.text or pool.text
    return { text = text, figures = pool.rules:figures(decoded(text) or pool.settings, now) }
end

function pool_steps.report(pool, ask, now)
    redis.call('HSET', pool.prefix .. 'reports', ask.desk, string.format('%.0f %s', now, ask.series))
end

function pool_steps.reports(pool, _, now)
    return { now = now, reports = values_of(pool.prefix .. 'reports') }
end

-- Shares that ran out in a silence are learned of anew (P10): what their desks have is heard with their next words.
local function pool_learns(pool, rosters, silences_here, now)
    local quiet = 'silences:' .. LIBRARY
    local known = redis.call('HGET', pool.documents, quiet)
    if known == silences_here then return end
    redis.call('HSET', pool.documents, quiet, silences_here)
    local newest = redis.call('ZRANGE', rosters('tokens:untils').key, 0, 0, 'REV', 'WITHSCORES')
    if known and newest[2] and tonumber(newest[2]) < now + quiet_ms then pool.rules:learn(now) end
end

local function pool_step(keys, args)
    local prefix = string.match(keys[1], '^[^{]*{[^}]*}:')
    local rosters, sums = rosters_at(prefix, {}) -- they stay: a desk each, and a floor is written once
    local ask = plain(cjson.decode(args[2]))
    local pool = { prefix = prefix, documents = prefix .. 'documents' }
    pool.text = redis.call('HGET', pool.documents, 'settings') or nil
    pool.revision = tonumber(redis.call('HGET', pool.documents, 'revision') or 0)
    pool.settings = decoded(pool.text) or modules['pool-terms'].plainSettings
    pool.rules = new(modules['shared-pool'].SharedPool, ask.own or {}, rosters)
    local read = time()
    local now = read
    pool_learns(pool, rosters, silences_at(read), now)
    local answer = pool_steps[args[1]](pool, ask, now)
    sums:keep()
    if answer == nil then return false end
    return cjson.encode(answer)
end

return { desk = desk_step, pool = pool_step }
