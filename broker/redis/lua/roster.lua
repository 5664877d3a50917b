-- A roster (src/roster.ts) as a sorted set: ties are ordered by the bytes of the names, scores are doubles, as everywhere. Knows no rule.
local Roster = {}
Roster.__index = Roster

local function pairs_of(reply)
    local names, values = {}, {}
    for i = 1, #reply, 2 do
        names[#names + 1] = reply[i]
        values[#values + 1] = tonumber(reply[i + 1])
    end
    return names, values
end

function Roster:get(id)
    return tonumber(redis.call('ZSCORE', self.key, id) or nil)
end

function Roster:rank(id)
    return redis.call('ZRANK', self.key, id) or nil
end

function Roster:first(n)
    if n < 1 then return {} end
    return redis.call('ZRANGE', self.key, 0, n - 1)
end

function Roster:size()
    return redis.call('ZCARD', self.key)
end

-- Added up when it is first asked for, and from then on kept beside the set with each write: both in the same step, or neither.
function Roster:sum()
    if self:kept_sum() == false then
        local total = 0
        local _, values = pairs_of(redis.call('ZRANGE', self.key, 0, -1, 'WITHSCORES'))
        for _, value in ipairs(values) do total = total + value end
        self:keep_sum(total)
    end
    return self.total
end

-- false where it was never asked for.
function Roster:kept_sum()
    if self.total == nil then self.total = tonumber(redis.call('GET', self.key .. ':sum') or nil) or false end
    return self.total
end

function Roster:keep_sum(total)
    self.total = total
    redis.call('SET', self.key .. ':sum', string.format('%.17g', total))
    self.written[self.key .. ':sum'] = true
end

function Roster:set(id, value)
    local total = self:kept_sum()
    if total then self:keep_sum(total + value - (self:get(id) or 0)) end
    self.written[self.key] = true
    redis.call('ZADD', self.key, value, id)
end

function Roster:add(id, value)
    local total = self:kept_sum()
    if total then self:keep_sum(total + value) end
    self.written[self.key] = true
    return tonumber(redis.call('ZINCRBY', self.key, value, id))
end

function Roster:delete(id)
    local total = self:kept_sum()
    if total then self:keep_sum(total - (self:get(id) or 0)) end
    redis.call('ZREM', self.key, id)
end

function Roster:purge(up_to)
    local late = redis.call('ZRANGEBYSCORE', self.key, '-inf', up_to)
    if #late == 0 then return late end
    local total = self:kept_sum()
    if total then
        for _, id in ipairs(late) do total = total - self:get(id) end
        self:keep_sum(total)
    end
    redis.call('ZREMRANGEBYSCORE', self.key, '-inf', up_to)
    return late
end

-- Rosters by name. `written` notes the keys that are to live on from now.
local function rosters_at(prefix, written)
    local open = {}
    return function(name)
        if open[name] == nil then
            open[name] = setmetatable({ key = prefix .. 'roster:' .. name, written = written }, Roster)
        end
        return open[name]
    end
end
