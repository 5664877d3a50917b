-- A roster (src/roster.ts) as a sorted set: ties are ordered by the bytes of the names, scores are doubles, as everywhere. It lives for one
-- step, in which nobody else writes: what it has read it knows. Knows no rule.
local Roster = {}
Roster.__index = Roster

function Roster:get(id)
    if self.known[id] == nil then
        self.known[id] = tonumber(redis.call('ZSCORE', self.key, id) or nil) or false
    end
    return self.known[id] or nil
end

function Roster:rank(id)
    return redis.call('ZRANK', self.key, id) or nil
end

-- With their numbers, which are often asked for next.
function Roster:first(n)
    if n < 1 then return {} end
    local scored, names = redis.call('ZRANGE', self.key, 0, n - 1, 'WITHSCORES'), {}
    for i = 1, #scored, 2 do
        names[(i + 1) / 2] = scored[i]
        self.known[scored[i]] = tonumber(scored[i + 1])
    end
    return names
end

function Roster:size()
    if self.cards == nil then self.cards = redis.call('ZCARD', self.key) end
    return self.cards
end

-- Added up when it is first asked for, and from then on kept with each write.
function Roster:sum()
    local total = self.sums:of(self.name)
    if total == nil then
        local scored = redis.call('ZRANGE', self.key, 0, -1, 'WITHSCORES')
        total = 0
        for i = 2, #scored, 2 do total = total + tonumber(scored[i]) end
        self.sums:set(self.name, total)
    end
    return total
end

function Roster:set(id, value)
    self.written[self.key] = true
    if self.known[id] == value then return end
    local total = self.sums:of(self.name)
    if total ~= nil then self.sums:set(self.name, total + value - (self:get(id) or 0)) end
    self:grown(redis.call('ZADD', self.key, value, id))
    self.known[id] = value
end

function Roster:add(id, value)
    self:set(id, (self:get(id) or 0) + value)
    return self:get(id)
end

function Roster:delete(id)
    if self.known[id] == false then return end
    local total = self.sums:of(self.name)
    if total ~= nil then self.sums:set(self.name, total - (self:get(id) or 0)) end
    self:grown(-redis.call('ZREM', self.key, id))
    self.known[id] = false
end

function Roster:purge(up_to)
    local late = redis.call('ZRANGEBYSCORE', self.key, '-inf', up_to)
    for _, id in ipairs(late) do self:delete(id) end
    return late
end

function Roster:grown(by)
    if self.cards ~= nil then self.cards = self.cards + by end
end

-- The sums of all rosters of a prefix in one hash: read once a step, and written at its end.
local Sums = {}
Sums.__index = Sums

function Sums:of(name)
    if self.known == nil then
        self.known = {}
        local reply = redis.call('HGETALL', self.key)
        for i = 1, #reply, 2 do self.known[reply[i]] = tonumber(reply[i + 1]) end
    end
    return self.known[name]
end

function Sums:set(name, total)
    if self:of(name) == total then return end
    self.known[name], self.changed[name] = total, true
end

function Sums:keep()
    local changes = {}
    for name in pairs(self.changed) do
        changes[#changes + 1] = name
        changes[#changes + 1] = string.format('%.17g', self.known[name])
    end
    if #changes == 0 then return end
    redis.call('HSET', self.key, unpack(changes))
    self.written[self.key], self.changed = true, {}
end

-- Rosters by name, and what is to be kept at the end of the step. `written` notes the keys that are to live on from now.
local function rosters_at(prefix, written)
    local open = {}
    local sums = setmetatable({ key = prefix .. 'sums', written = written, changed = {} }, Sums)
    local function roster(name)
        if open[name] == nil then
            local key = prefix .. 'roster:' .. name
            open[name] = setmetatable({ name = name, key = key, known = {}, sums = sums, written = written }, Roster)
        end
        return open[name]
    end
    return roster, sums
end
