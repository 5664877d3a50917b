-- What a tenant's desk is kept in beside its rosters (src/desk-homes.ts): documents as JSON texts in hashes, a hash for each call, sums.
-- Documents stay until they are deleted; all else of a desk is gone when nothing was written to it for `keptMs`. Knows no rule.

-- JSON has null where Lua has nothing.
local function plain(value)
    if type(value) == 'table' then
        for name, part in pairs(value) do
            if part == cjson.null then value[name] = nil else plain(part) end
        end
    end
    return value
end

local function decoded(text)
    if not text then return nil end
    return plain(cjson.decode(text))
end

local function values_of(key)
    local fields, reply = {}, redis.call('HGETALL', key)
    for i = 1, #reply, 2 do fields[reply[i]] = reply[i + 1] end
    return fields
end

local Registry = {}
Registry.__index = Registry

-- What the steps need of a tenant's document: the rest may be long.
function Registry:tenant()
    if self.gist ~= nil then return self.gist end
    self.gist = decoded(redis.call('HGET', self.documents, 'gist'))
    if self.gist ~= nil and self.gist.zone == nil then -- written before there were budgets
        self.gist = decoded(self:text())
        self.gist.budgets, self.gist.callBudgets = self.gist.budgets or {}, self.gist.callBudgets or {}
    end
    return self.gist
end

function Registry:text()
    return redis.call('HGET', self.documents, 'tenant') or nil
end

function Registry:key(id)
    return decoded(redis.call('HGET', self.keys_at, id))
end

function Registry:key_text(hash)
    if self.by_hash[hash] == nil then
        local id = redis.call('HGET', self.hashes, hash)
        self.by_hash[hash] = id and redis.call('HGET', self.keys_at, id)
    end
    return self.by_hash[hash] or nil
end

function Registry:keyByHash(hash)
    return decoded(self:key_text(hash))
end

function Registry:keys()
    local keys = {}
    for _, text in pairs(values_of(self.keys_at)) do keys[#keys + 1] = decoded(text) end
    return keys
end

-- As it was looked up when the tenant was written; again when that is long ago.
function Registry:zone(tenant)
    return tenant.zone and tenant.zone.offsets or modules.zone.utc
end

local zone_kept_ms = 30 * 86400000
function Registry:stale(now)
    local zone = self:tenant().zone
    return zone == nil or zone.asOf < now - zone_kept_ms
end

local Records = {}
Records.__index = Records

local function kept(fields)
    if fields.id == nil then return nil end
    fields.began = tonumber(fields.began)
    fields.admitted = tonumber(fields.admitted)
    fields.ended = tonumber(fields.ended)
    return fields
end

function Records:at(id)
    return self.prefix .. 'call:' .. id
end

function Records:write(id, ...)
    redis.call('HSET', self:at(id), ...)
    self.written[self:at(id)] = true
end

-- `open`: 0 while it waits, 1 when it has its line. `calls`: every one that is kept. `ended`: when it ended.
function Records:open(call)
    if redis.call('EXISTS', self:at(call.id)) == 1 then return end
    self:write(call.id, 'id', call.id, 'key', call.key, 'model', call.model, 'pool', call.pool, 'began', call.began)
    if call.agent ~= nil then self:write(call.id, 'agent', call.agent) end
    if call.admitted ~= nil then self:write(call.id, 'admitted', call.admitted) end
    self.rosters('calls'):set(call.id, 0)
    self.rosters('calls:open'):set(call.id, call.admitted == nil and 0 or 1)
end

function Records:admit(id, at)
    if self.rosters('calls:open'):get(id) ~= 0 then return nil end
    self.rosters('calls:open'):set(id, 1)
    local call = self:get(id)
    self:write(id, 'admitted', at)
    call.admitted = at
    return call
end

function Records:get(id)
    return kept(values_of(self:at(id)))
end

function Records:close(id, ended, record)
    if not self:isOpen(id) then return false end
    self:write(id, 'ended', ended, 'record', cjson.encode(record))
    self.rosters('calls:open'):delete(id)
    self.rosters('calls:ended'):set(id, ended)
    return true
end

function Records:waiting()
    local waiting = {}
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', self.rosters('calls:open').key, 0, 0)) do
        local pool = redis.call('HGET', self:at(id), 'pool')
        waiting[pool] = (waiting[pool] or 0) + 1
    end
    return waiting
end

function Records:isOpen(id)
    return self.rosters('calls:open'):get(id) ~= nil
end

function Records:isClosed(id)
    return redis.call('HEXISTS', self:at(id), 'ended') == 1
end

function Records:openIds()
    local open = self.rosters('calls:open')
    local ids = open:first(open:size())
    table.sort(ids)
    return ids
end

function Records:openCalls()
    local calls = {}
    for _, id in ipairs(self:openIds()) do calls[#calls + 1] = self:get(id) end
    return calls
end

function Records:list(limit, before)
    local calls = self.rosters('calls').key
    local ids = redis.call('ZREVRANGEBYLEX', calls, before and '(' .. before or '+', '-', 'LIMIT', 0, limit)
    local list = {}
    for _, id in ipairs(ids) do list[#list + 1] = self:get(id) end
    return list
end

function Records:forget(up_to)
    for _, id in ipairs(self.rosters('calls:ended'):purge(up_to)) do
        self.rosters('calls'):delete(id)
        redis.call('DEL', self:at(id))
    end
end

-- Endpoints are documents and stay, as does what their attempts came to: that one is gone is to outlive a quiet month.
local Hooks = {}
Hooks.__index = Hooks

function Hooks:get(id)
    local hook = decoded(redis.call('HGET', self.at, id))
    if hook == nil then return nil end
    return { hook = hook, state = decoded(redis.call('HGET', self.states, id)) }
end

function Hooks:list()
    local ids, hooks = redis.call('HKEYS', self.at), {}
    table.sort(ids)
    for _, id in ipairs(ids) do hooks[#hooks + 1] = self:get(id) end
    return hooks
end

function Hooks:note(id, state)
    redis.call('HSET', self.states, id, cjson.encode(state))
end

-- `messages`: id -> when it was put, of each that was; the texts of those that wait in a hash.
local Messages = {}
Messages.__index = Messages

function Messages:put(message)
    local put = self.rosters('messages')
    if put:get(message.id) ~= nil then return false end
    put:set(message.id, message.at)
    redis.call('HSET', self.at, message.id, cjson.encode(message))
    self.written[self.at] = true
    return true
end

function Messages:get(id)
    return decoded(redis.call('HGET', self.at, id))
end

function Messages:done(id)
    redis.call('HDEL', self.at, id)
end

function Messages:forget(up_to)
    for _, id in ipairs(self.rosters('messages'):purge(up_to)) do self:done(id) end
end

local Counts = {}
Counts.__index = Counts

function Counts:add(pool, series, by)
    if self.more[pool] == nil then self.more[pool] = {} end
    local sums = self.more[pool]
    if sums[series] == nil then sums[series] = {} end
    table.insert(sums[series], by)
end

function Counts:at(pool)
    return self.prefix .. 'counts:' .. pool
end

function Counts:keep()
    for pool, sums in pairs(self.more) do
        local names, changes = {}, {}
        for name in pairs(sums) do names[#names + 1] = name end
        local before = redis.call('HMGET', self:at(pool), unpack(names))
        for i, name in ipairs(names) do
            changes[2 * i - 1] = name
            local sum = tonumber(before[i] or nil) or 0
            for _, by in ipairs(sums[name]) do sum = sum + by end -- one by one: fractions add up as they do elsewhere
            changes[2 * i] = string.format('%.17g', sum)
        end
        redis.call('HSET', self:at(pool), unpack(changes))
        self.rosters('counted'):set(pool, 1)
        self.written[self:at(pool)] = true
    end
    self.more = {}
end

-- By pool, names and values in turn, each as text: numbers would lose digits on their way.
function Counts:sums()
    local counted, sums = self.rosters('counted'), {}
    for _, pool in ipairs(counted:first(counted:size())) do sums[pool] = redis.call('HGETALL', self:at(pool)) end
    return sums
end

-- What was done to a tenant: texts in a sorted set, by numbers that are counted up and never come twice.
local Audit = {}
Audit.__index = Audit

function Audit:add(entry, now)
    self:write(cjson.encode(entry), now)
end

function Audit:write(text, now)
    local id = redis.call('HINCRBY', self.documents, 'audited', 1)
    redis.call('ZADD', self.key, id, string.format('{"id":%d,"at":%.0f,"entry":%s}', id, now, text))
    self.written[self.key] = true
end

function Audit:list(limit, before)
    return redis.call('ZREVRANGEBYSCORE', self.key, before and '(' .. before or '+inf', '-inf', 'LIMIT', 0, limit)
end

function Audit:forget(up_to)
    while true do
        local oldest = redis.call('ZRANGE', self.key, 0, 0)[1]
        if oldest == nil or cjson.decode(oldest).at > up_to then return end
        redis.call('ZREM', self.key, oldest)
    end
end

-- The life of this Redis process: another one has restarted, or was a replica, or is empty. It may have lost what it had acknowledged.
local life
local function life_now()
    if life == nil then life = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') end
    return life
end

-- Each live call is heard every twelve seconds. Where nobody was for longer Redis stood still, was cut off from all nodes, or its clock was
-- put forward, or nobody was there. Counted up with each such silence, by each version of these functions for itself.
local quiet_ms = modules.limits.leaseTtlMs / 2
local heard, silences = nil, 0
local function silences_at(now)
    if heard ~= nil and now - heard > quiet_ms then silences = silences + 1 end
    heard = now
    return tostring(silences)
end

-- What was used in a month, and which months there are (L5), and what was done to a tenant (A3), is kept longer than all else.
local function kept_ms_of(key)
    if string.sub(key, -7) == '}:audit' then return modules.limits.auditKeptMs end
    local months = string.find(key, ':month:', 1, true) or string.find(key, ':windows:month', 1, true)
    return months and modules.limits.pageKeptMs.month or modules.limits.keptMs
end

local function homes_at(prefix, now)
    local written = {}
    local rosters, sums = rosters_at(prefix, written)
    local documents = prefix .. 'documents'
    local homes = { rosters = rosters, written = written, documents = documents, shared = true }
    homes.registry = setmetatable({ documents = documents, keys_at = prefix .. 'keys', hashes = prefix .. 'hashes', by_hash = {} }, Registry)
    homes.records = setmetatable({ prefix = prefix, rosters = rosters, written = written }, Records)
    homes.counts = setmetatable({ prefix = prefix, rosters = rosters, written = written, more = {} }, Counts)
    homes.hooks = setmetatable({ at = prefix .. 'hooks', states = prefix .. 'hooks:states' }, Hooks)
    homes.messages = setmetatable({ at = prefix .. 'messages', rosters = rosters, written = written }, Messages)
    homes.waits = function(after) homes.mail_after = math.min(after, homes.mail_after or after) end
    homes.audit = setmetatable({ documents = documents, key = prefix .. 'audit', written = written }, Audit)
    homes.transact = function(work) return work() end
    function homes.learningUntil()
        return homes.learning
    end
    -- How many have a line, whoever of them still is there, and until when the one has it that was heard last.
    function homes.held()
        local newest = redis.call('ZRANGE', rosters('leases').key, 0, 0, 'REV', 'WITHSCORES')
        return rosters('leases'):size(), tonumber(newest[2] or 0)
    end
    -- Lines that ran out in a silence are learned of anew, and after another life of Redis all. A desk that is new has nothing to learn.
    function homes.learn(held, newest, silences_here)
        local quiet = 'silences:' .. LIBRARY
        local known = redis.call('HMGET', documents, 'life', quiet, 'learning')
        local life_here = life_now()
        homes.learning = tonumber(known[3] or 0)
        if known[1] == life_here and known[2] == silences_here then return end
        redis.call('HSET', documents, 'life', life_here, quiet, silences_here)
        local lapsed = known[2] and known[2] ~= silences_here and held > 0 and newest < now + quiet_ms
        if lapsed or known[1] and known[1] ~= life_here then
            homes.learning = now + modules.limits.learningMs
            redis.call('HSET', documents, 'learning', homes.learning)
        end
    end
    function homes.keep()
        homes.counts:keep()
        sums:keep()
        for key in pairs(written) do redis.call('PEXPIRE', key, kept_ms_of(key)) end
    end
    return homes
end
