-- The steps of desk and pool, compiled from src/ by tools/lua: do not edit, run `npm run lua`.

local modules = {}

-- lualib_bundle
modules["lualib_bundle"] = (function()
local function __TS__CountVarargs(...)
    return select("#", ...)
end

local function __TS__ArrayReduce(self, callbackFn, ...)
    local len = #self
    local k = 0
    local accumulator = nil
    if __TS__CountVarargs(...) ~= 0 then
        accumulator = ...
    elseif len > 0 then
        accumulator = self[1]
        k = 1
    else
        error("Reduce of empty array with no initial value", 0)
    end
    for i = k + 1, len do
        accumulator = callbackFn(
            nil,
            accumulator,
            self[i],
            i - 1,
            self
        )
    end
    return accumulator
end

local function __TS__ArrayMap(self, callbackfn, thisArg)
    local result = {}
    for i = 1, #self do
        result[i] = callbackfn(thisArg, self[i], i - 1, self)
    end
    return result
end

local function __TS__StringSlice(self, start, ____end)
    if start == nil or start ~= start then
        start = 0
    end
    if ____end ~= ____end then
        ____end = 0
    end
    if start >= 0 then
        start = start + 1
    end
    if ____end ~= nil and ____end < 0 then
        ____end = ____end - 1
    end
    return string.sub(self, start, ____end)
end

local function __TS__Number(value)
    local valueType = type(value)
    if valueType == "number" then
        return value
    elseif valueType == "string" then
        local numberValue = tonumber(value)
        if numberValue then
            return numberValue
        end
        if value == "Infinity" then
            return math.huge
        end
        if value == "-Infinity" then
            return -math.huge
        end
        local stringWithoutSpaces = string.gsub(value, "%s", "")
        if stringWithoutSpaces == "" then
            return 0
        end
        return 0 / 0
    elseif valueType == "boolean" then
        return value and 1 or 0
    else
        return 0 / 0
    end
end

local function __TS__StringPadStart(self, maxLength, fillString)
    if fillString == nil then
        fillString = " "
    end
    if maxLength ~= maxLength then
        maxLength = 0
    end
    if maxLength == -math.huge or maxLength == math.huge then
        error("Invalid string length", 0)
    end
    if #self >= maxLength or #fillString == 0 then
        return self
    end
    maxLength = maxLength - #self
    if maxLength > #fillString then
        fillString = fillString .. string.rep(
            fillString,
            math.floor(maxLength / #fillString)
        )
    end
    return string.sub(
        fillString,
        1,
        math.floor(maxLength)
    ) .. self
end

local function __TS__ArrayIsArray(value)
    return type(value) == "table" and (value[1] ~= nil or next(value) == nil)
end

local function __TS__ArrayFlatMap(self, callback, thisArg)
    local result = {}
    local len = 0
    for i = 1, #self do
        local value = callback(thisArg, self[i], i - 1, self)
        if __TS__ArrayIsArray(value) then
            for j = 1, #value do
                len = len + 1
                result[len] = value[j]
            end
        else
            len = len + 1
            result[len] = value
        end
    end
    return result
end

local function __TS__ArrayFind(self, predicate, thisArg)
    for i = 1, #self do
        local elem = self[i]
        if predicate(thisArg, elem, i - 1, self) then
            return elem
        end
    end
    return nil
end

local function __TS__ObjectAssign(target, ...)
    local sources = {...}
    for i = 1, #sources do
        local source = sources[i]
        if type(source) == "table" then
            for key in pairs(source) do
                target[key] = source[key]
            end
        end
    end
    return target
end

local function __TS__ObjectEntries(obj)
    local result = {}
    local len = 0
    for key in pairs(obj) do
        len = len + 1
        result[len] = {key, obj[key]}
    end
    return result
end

local function __TS__ArrayFilter(self, callbackfn, thisArg)
    local result = {}
    local len = 0
    for i = 1, #self do
        if callbackfn(thisArg, self[i], i - 1, self) then
            len = len + 1
            result[len] = self[i]
        end
    end
    return result
end

local __TS__Symbol, Symbol
do
    local symbolMetatable = {__tostring = function(self)
        return ("Symbol(" .. (self.description or "")) .. ")"
    end}
    function __TS__Symbol(description)
        return setmetatable({description = description}, symbolMetatable)
    end
    Symbol = {
        asyncDispose = __TS__Symbol("Symbol.asyncDispose"),
        dispose = __TS__Symbol("Symbol.dispose"),
        iterator = __TS__Symbol("Symbol.iterator"),
        hasInstance = __TS__Symbol("Symbol.hasInstance"),
        species = __TS__Symbol("Symbol.species"),
        toStringTag = __TS__Symbol("Symbol.toStringTag")
    }
end

local function __TS__ObjectFromEntries(entries)
    local obj = {}
    local iterable = entries
    if iterable[Symbol.iterator] then
        local iterator = iterable[Symbol.iterator](iterable)
        while true do
            local result = iterator:next()
            if result.done then
                break
            end
            local value = result.value
            obj[value[1]] = value[2]
        end
    else
        for ____, entry in ipairs(entries) do
            obj[entry[1]] = entry[2]
        end
    end
    return obj
end

local function __TS__ArraySlice(self, first, last)
    local len = #self
    first = first or 0
    if first < 0 then
        first = len + first
        if first < 0 then
            first = 0
        end
    else
        if first > len then
            first = len
        end
    end
    last = last or len
    if last < 0 then
        last = len + last
        if last < 0 then
            last = 0
        end
    else
        if last > len then
            last = len
        end
    end
    local out = {}
    first = first + 1
    last = last + 1
    local n = 1
    while first < last do
        out[n] = self[first]
        first = first + 1
        n = n + 1
    end
    return out
end

local __TS__StringSplit
do
    local sub = string.sub
    local find = string.find
    function __TS__StringSplit(source, separator, limit)
        if limit == nil then
            limit = 4294967295
        end
        if limit == 0 then
            return {}
        end
        local result = {}
        local resultIndex = 1
        if separator == nil or separator == "" then
            for i = 1, #source do
                result[resultIndex] = sub(source, i, i)
                resultIndex = resultIndex + 1
            end
        else
            local currentPos = 1
            while resultIndex <= limit do
                local startPos, endPos = find(source, separator, currentPos, true)
                if not startPos then
                    break
                end
                result[resultIndex] = sub(source, currentPos, startPos - 1)
                resultIndex = resultIndex + 1
                currentPos = endPos + 1
            end
            if resultIndex <= limit then
                result[resultIndex] = sub(source, currentPos)
            end
        end
        return result
    end
end

local function __TS__StringStartsWith(self, searchString, position)
    if position == nil or position < 0 then
        position = 0
    end
    return string.sub(self, position + 1, #searchString + position) == searchString
end

local function __TS__ArrayEvery(self, callbackfn, thisArg)
    for i = 1, #self do
        if not callbackfn(thisArg, self[i], i - 1, self) then
            return false
        end
    end
    return true
end

local function __TS__Class(self)
    local c = {prototype = {}}
    c.prototype.__index = c.prototype
    c.prototype.constructor = c
    return c
end

local function __TS__ArrayIncludes(self, searchElement, fromIndex)
    if fromIndex == nil then
        fromIndex = 0
    end
    local len = #self
    local k = fromIndex
    if fromIndex < 0 then
        k = len + fromIndex
    end
    if k < 0 then
        k = 0
    end
    for i = k + 1, len do
        if self[i] == searchElement then
            return true
        end
    end
    return false
end

local function __TS__ObjectRest(target, usedProperties)
    local result = {}
    for property in pairs(target) do
        if not usedProperties[property] then
            result[property] = target[property]
        end
    end
    return result
end

local function __TS__NumberIsFinite(value)
    return type(value) == "number" and value == value and value ~= math.huge and value ~= -math.huge
end

local function __TS__New(target, ...)
    local instance = setmetatable({}, target.prototype)
    instance:____constructor(...)
    return instance
end

local function __TS__ArraySort(self, compareFn)
    if compareFn ~= nil then
        table.sort(
            self,
            function(a, b) return compareFn(nil, a, b) < 0 end
        )
    else
        table.sort(self)
    end
    return self
end

local function __TS__ArraySome(self, callbackfn, thisArg)
    for i = 1, #self do
        if callbackfn(thisArg, self[i], i - 1, self) then
            return true
        end
    end
    return false
end

local function __TS__SparseArrayNew(...)
    local sparseArray = {...}
    sparseArray.sparseLength = __TS__CountVarargs(...)
    return sparseArray
end

local function __TS__SparseArrayPush(sparseArray, ...)
    local args = {...}
    local argsLen = __TS__CountVarargs(...)
    local listLen = sparseArray.sparseLength
    for i = 1, argsLen do
        sparseArray[listLen + i] = args[i]
    end
    sparseArray.sparseLength = listLen + argsLen
end

local function __TS__SparseArraySpread(sparseArray)
    local _unpack = unpack or table.unpack
    return _unpack(sparseArray, 1, sparseArray.sparseLength)
end

local __TS__Iterator
do
    local function iteratorGeneratorStep(self)
        local co = self.____coroutine
        local status, value = coroutine.resume(co)
        if not status then
            error(value, 0)
        end
        if coroutine.status(co) == "dead" then
            return
        end
        return true, value
    end
    local function iteratorIteratorStep(self)
        local result = self:next()
        if result.done then
            return
        end
        return true, result.value
    end
    local function iteratorStringStep(self, index)
        index = index + 1
        if index > #self then
            return
        end
        return index, string.sub(self, index, index)
    end
    function __TS__Iterator(iterable)
        if type(iterable) == "string" then
            return iteratorStringStep, iterable, 0
        elseif iterable.____coroutine ~= nil then
            return iteratorGeneratorStep, iterable
        elseif iterable[Symbol.iterator] then
            local iterator = iterable[Symbol.iterator](iterable)
            return iteratorIteratorStep, iterator
        else
            return ipairs(iterable)
        end
    end
end

local Set
do
    Set = __TS__Class()
    Set.name = "Set"
    function Set.prototype.____constructor(self, values)
        self[Symbol.toStringTag] = "Set"
        self.size = 0
        self.nextKey = {}
        self.previousKey = {}
        if values == nil then
            return
        end
        local iterable = values
        if iterable[Symbol.iterator] then
            local iterator = iterable[Symbol.iterator](iterable)
            while true do
                local result = iterator:next()
                if result.done then
                    break
                end
                self:add(result.value)
            end
        else
            local array = values
            for ____, value in ipairs(array) do
                self:add(value)
            end
        end
    end
    function Set.prototype.add(self, value)
        local isNewValue = not self:has(value)
        if isNewValue then
            self.size = self.size + 1
        end
        if self.firstKey == nil then
            self.firstKey = value
            self.lastKey = value
        elseif isNewValue then
            self.nextKey[self.lastKey] = value
            self.previousKey[value] = self.lastKey
            self.lastKey = value
        end
        return self
    end
    function Set.prototype.clear(self)
        self.nextKey = {}
        self.previousKey = {}
        self.firstKey = nil
        self.lastKey = nil
        self.size = 0
    end
    function Set.prototype.delete(self, value)
        local contains = self:has(value)
        if contains then
            self.size = self.size - 1
            local next = self.nextKey[value]
            local previous = self.previousKey[value]
            if next ~= nil and previous ~= nil then
                self.nextKey[previous] = next
                self.previousKey[next] = previous
            elseif next ~= nil then
                self.firstKey = next
                self.previousKey[next] = nil
            elseif previous ~= nil then
                self.lastKey = previous
                self.nextKey[previous] = nil
            else
                self.firstKey = nil
                self.lastKey = nil
            end
            self.nextKey[value] = nil
            self.previousKey[value] = nil
        end
        return contains
    end
    function Set.prototype.forEach(self, callback)
        for ____, key in __TS__Iterator(self:keys()) do
            callback(nil, key, key, self)
        end
    end
    function Set.prototype.has(self, value)
        return self.nextKey[value] ~= nil or self.lastKey == value
    end
    Set.prototype[Symbol.iterator] = function(self)
        return self:values()
    end
    function Set.prototype.entries(self)
        local function getFirstKey()
            return self.firstKey
        end
        local nextKey = self.nextKey
        local key
        local started = false
        return {
            [Symbol.iterator] = function(self)
                return self
            end,
            next = function(self)
                if not started then
                    started = true
                    key = getFirstKey(nil)
                else
                    key = nextKey[key]
                end
                return {done = not key, value = {key, key}}
            end
        }
    end
    function Set.prototype.keys(self)
        local function getFirstKey()
            return self.firstKey
        end
        local nextKey = self.nextKey
        local key
        local started = false
        return {
            [Symbol.iterator] = function(self)
                return self
            end,
            next = function(self)
                if not started then
                    started = true
                    key = getFirstKey(nil)
                else
                    key = nextKey[key]
                end
                return {done = not key, value = key}
            end
        }
    end
    function Set.prototype.values(self)
        local function getFirstKey()
            return self.firstKey
        end
        local nextKey = self.nextKey
        local key
        local started = false
        return {
            [Symbol.iterator] = function(self)
                return self
            end,
            next = function(self)
                if not started then
                    started = true
                    key = getFirstKey(nil)
                else
                    key = nextKey[key]
                end
                return {done = not key, value = key}
            end
        }
    end
    function Set.prototype.union(self, other)
        local result = __TS__New(Set, self)
        for ____, item in __TS__Iterator(other) do
            result:add(item)
        end
        return result
    end
    function Set.prototype.intersection(self, other)
        local result = __TS__New(Set)
        for ____, item in __TS__Iterator(self) do
            if other:has(item) then
                result:add(item)
            end
        end
        return result
    end
    function Set.prototype.difference(self, other)
        local result = __TS__New(Set, self)
        for ____, item in __TS__Iterator(other) do
            result:delete(item)
        end
        return result
    end
    function Set.prototype.symmetricDifference(self, other)
        local result = __TS__New(Set, self)
        for ____, item in __TS__Iterator(other) do
            if self:has(item) then
                result:delete(item)
            else
                result:add(item)
            end
        end
        return result
    end
    function Set.prototype.isSubsetOf(self, other)
        for ____, item in __TS__Iterator(self) do
            if not other:has(item) then
                return false
            end
        end
        return true
    end
    function Set.prototype.isSupersetOf(self, other)
        for ____, item in __TS__Iterator(other) do
            if not self:has(item) then
                return false
            end
        end
        return true
    end
    function Set.prototype.isDisjointFrom(self, other)
        for ____, item in __TS__Iterator(self) do
            if other:has(item) then
                return false
            end
        end
        return true
    end
    Set[Symbol.species] = Set
end

local function __TS__StringAccess(self, index)
    if index >= 0 and index < #self then
        return string.sub(self, index + 1, index + 1)
    end
end

local __TS__Unpack = table.unpack or unpack

local function __TS__Spread(iterable)
    local arr = {}
    if type(iterable) == "string" then
        for i = 0, #iterable - 1 do
            arr[i + 1] = __TS__StringAccess(iterable, i)
        end
    else
        local len = 0
        for ____, item in __TS__Iterator(iterable) do
            len = len + 1
            arr[len] = item
        end
    end
    return __TS__Unpack(arr)
end

local function __TS__ObjectKeys(obj)
    local result = {}
    local len = 0
    for key in pairs(obj) do
        len = len + 1
        result[len] = key
    end
    return result
end

local function __TS__ObjectValues(obj)
    local result = {}
    local len = 0
    for key in pairs(obj) do
        len = len + 1
        result[len] = obj[key]
    end
    return result
end

local function __TS__ArrayIndexOf(self, searchElement, fromIndex)
    if fromIndex == nil then
        fromIndex = 0
    end
    local len = #self
    if len == 0 then
        return -1
    end
    if fromIndex >= len then
        return -1
    end
    if fromIndex < 0 then
        fromIndex = len + fromIndex
        if fromIndex < 0 then
            fromIndex = 0
        end
    end
    for i = fromIndex + 1, len do
        if self[i] == searchElement then
            return i - 1
        end
    end
    return -1
end

return {
  __TS__ArrayReduce = __TS__ArrayReduce,
  __TS__ArrayMap = __TS__ArrayMap,
  __TS__StringSlice = __TS__StringSlice,
  __TS__Number = __TS__Number,
  __TS__StringPadStart = __TS__StringPadStart,
  __TS__ArrayFlatMap = __TS__ArrayFlatMap,
  __TS__ArrayFind = __TS__ArrayFind,
  __TS__ObjectAssign = __TS__ObjectAssign,
  __TS__ObjectEntries = __TS__ObjectEntries,
  __TS__ArrayFilter = __TS__ArrayFilter,
  __TS__ObjectFromEntries = __TS__ObjectFromEntries,
  __TS__ArraySlice = __TS__ArraySlice,
  __TS__StringSplit = __TS__StringSplit,
  __TS__StringStartsWith = __TS__StringStartsWith,
  __TS__ArrayEvery = __TS__ArrayEvery,
  __TS__Class = __TS__Class,
  __TS__ArrayIncludes = __TS__ArrayIncludes,
  __TS__ObjectRest = __TS__ObjectRest,
  __TS__NumberIsFinite = __TS__NumberIsFinite,
  __TS__New = __TS__New,
  __TS__ArraySort = __TS__ArraySort,
  __TS__ArraySome = __TS__ArraySome,
  __TS__SparseArrayNew = __TS__SparseArrayNew,
  __TS__SparseArrayPush = __TS__SparseArrayPush,
  __TS__SparseArraySpread = __TS__SparseArraySpread,
  Set = Set,
  __TS__Spread = __TS__Spread,
  __TS__Iterator = __TS__Iterator,
  __TS__ObjectKeys = __TS__ObjectKeys,
  __TS__ObjectValues = __TS__ObjectValues,
  __TS__ArrayIndexOf = __TS__ArrayIndexOf
}
end)()

-- src/limits
modules["limits"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ArrayReduce = ____lualib.__TS__ArrayReduce
local ____exports = {}
--- A call's lease at its desk: renewed every heartbeat, free when it ran out. Three heartbeats may be lost before a slot is (rules H, TTL).
____exports.leaseTtlMs = 30000
____exports.heartbeatMs = 10000
--- Heartbeats come sooner by up to this share, so that calls which began together do not beat together; later they never come: what a lost call may not have told is 10 s of it (L1).
____exports.heartbeatJitter = 0.2
--- A call's record is kept for so long after its end: a month and the days in which it is billed (S2). In Redis all else of a desk as well, after its last write.
____exports.keptMs = 35 * 86400000
--- A pool that lost its store grants nothing new for so long: by then every desk with live calls has said what it holds (P10: 1.25 H).
____exports.learningMs = 12500
--- A desk waits this long for its pool before it tells the caller to wait, and this long before the pool's unasked word counts again.
____exports.shareMs = 300
____exports.shareTimeoutMs = 5000
--- While another host asks for the same desk a caller waits this long for what comes of it: some answers of a pool.
____exports.shareElsewhereMs = 10
--- Where callers wait for a pool that did not answer it is asked again after this.
____exports.shareAgainMs = 1000
--- What a call had goes back to its pool within this, in one word with what others freed; where nobody of its desk waits for it (P9: 1 s).
____exports.freedMs = 250
--- A newcomer is taken to need so many tokens in its first minute, until so many calls of its tenant have shown theirs (P3).
____exports.firstMinuteTokens = 6000
____exports.firstMinuteCalls = 20
--- A call's load is predicted from its replies of this time (P4).
____exports.paceMs = 120000
--- A newcomer's first reply is taken to need this, until so many calls of its tenant have shown theirs (L4): instructions, tools and a short
-- answer. Fifty starters who come at once must find room in their hour. Micro-dollars: at 13 a token, which is $0.08 for a minute of 6,000.
____exports.firstReply = {input = 800, output = 200, micro_usd = 13000}
--- Keys, models and agents that are told apart in one window of the ledger: agents are named by callers.
____exports.cellsMost = 200
--- How long what was used in a window is kept after its end: hours to look a week back, days as call records, months to compare with last year's.
____exports.pageKeptMs = {hour = 8 * 86400000, day = ____exports.keptMs, month = 400 * 86400000}
--- A page of what was used ends when so many balances were read: some 100 ms over SQL, in which the desk does nothing else.
____exports.usageEntriesMost = 20000
--- How long it is kept what was done to a tenant (A3), and how long a value is in JSON that is kept whole.
____exports.auditKeptMs = 365 * 86400000
____exports.auditCharacters = 2000
--- The spend of so long is taken for a rate (L7), in steps of so long.
____exports.burnMs = 600000
____exports.burnStepMs = 10000
--- The provider's upgrade takes some 300 ms; beyond this the caller is told rather than kept (B1).
____exports.dialTimeoutMs = 10000
--- Some clients begin to listen only after their `open` event has run: nothing is sent to a caller earlier (H2).
____exports.firstFrameDelayMs = 20
--- Some clients reconnect without back-off when they are closed: a refused caller hears why at once and is closed at least 2 s later (H5), also where the network brings the two nearer.
____exports.lateCloseMs = 2200
--- A provider whose reply is broken off is closed after this at the latest (C6: 250 ms): by then it has reported what the reply cost.
____exports.cancelGraceMs = 200
--- A peer that does not answer our close is terminated after this (C7).
____exports.closeTimeoutMs = 1000
--- Wrapping waits this long until the reply that is being spoken was heard, then goes on anyway (C9); in a process that must end, this long.
____exports.wrapTimeoutMs = 30000
____exports.drainReplyMs = 10000
--- What a tenant may set as its longest call, beside its plan's: in less nobody has said anything; a day is the most of any plan.
____exports.longestCallSecondsLeast = 5
____exports.longestCallSecondsMost = 86400
--- One frame of a caller (C8). Frames are counted in UTF-16 units, as strings have them: audio is ASCII, there a unit is a byte. OpenAI takes appends up to 15 MiB; a tenant may be given that much.
____exports.frameBytes = 1024 * 1024
____exports.frameBytesMost = 15 * 1024 * 1024
--- One frame of a provider, bytes: as workerd has it.
____exports.upstreamFrameBytes = 32 * 1024 * 1024
--- On Node a frame so many bytes above its bound is still read, so that its sender is told how large it was.
____exports.frameMargin = 64 * 1024
--- Of one message that is not complete: so many fragments or reads, and one more for each so many bytes that it may have. Stock clients do not fragment; a read is an IP packet at least. 20 sockets of 16,000 one-byte fragments took 133 MB under the defaults of `ws` (2026-11-20).
____exports.fragmentsLeast = 64
____exports.fragmentBytes = 16 * 1024
____exports.readsLeast = 1024
____exports.readBytes = 1024
--- Pongs that wait for one peer to read them.
____exports.pongsWaiting = 60
--- What a caller may say before its provider answers: control events in order (C2), and audio: a minute of PCM16 at 24 kHz in base64.
____exports.earlyEvents = 64
____exports.earlyEventBytes = 256 * 1024
____exports.earlyAudioBytes = 4 * 1024 * 1024
--- Frames a second that a caller may keep up, and how many at once: 20 ms frames are 50 a second (C8).
____exports.framesPerSecond = 200
____exports.framesBurst = 2000
--- Bytes a second that a caller may keep up: 4 × PCM16 at 24 kHz in base64 (64,000 B/s); the burst lets a recording be sent at once (C8).
____exports.bytesPerSecond = 4 * 64000
____exports.bytesBurst = 16 * 1024 * 1024
--- Beyond this much unsent towards a peer a host that can stops reading the other side; beyond `lagBytes` for `lagMs` the call ends (C8).
____exports.pauseBytes = 256 * 1024
____exports.lagBytes = 1024 * 1024
____exports.lagMs = 5000
--- A peer whose backlog keeps the other side from being read, and that has taken no byte of it for so long, is gone, whatever TCP says.
____exports.stuckMs = 30000
--- A caller that is not read for now is written to so often: the second time at the latest says that it has gone (C6: within 1 s).
____exports.knockMs = 400
--- A connection that is silent for so long is asked by TCP whether it is there, each second, ten times.
____exports.keepAliveMs = 10000
--- The edge of the Node host (facts: OWASP ASVS 5.0, 4 and 15): a request's head, its address, how long a head and a whole request may take.
____exports.headBytes = 16 * 1024
____exports.headFields = 64
____exports.addressBytes = 8 * 1024
____exports.headMs = 5000
____exports.requestMs = 60000
--- An idle HTTP connection is kept longer than proxies keep theirs (60 s as a rule): whoever closes first has no request under way.
____exports.idleMs = 75000
--- Upgrades that may come at once and each second (H6). A key's burst is a tenant of 1,000 callers whose connections were all cut; its rate
-- keeps 1,000 calls of twenty seconds going, and stops a client that reconnects in a loop (hundreds a second). An address may be an
-- office's, or a platform's that serves several tenants.
____exports.upgradesByKey = {burst = 1000, perSecond = 50}
____exports.upgradesByAddress = {burst = 2000, perSecond = 100}
--- What a refused upgrade counts: who comes three times as often as it may is let in no more until it slows down; a crowd that backs off is.
____exports.refusedCounts = 1 / 3
--- How long who comes in a loop must pause before it is let in: longer than the gaps that a loop has by itself.
____exports.refusedOverMs = 1000
--- The answer to a refused upgrade is held back so long, of so many for one comer and in all: who comes in a loop, and waits for each answer,
-- comes once a second. Who comes so soon after an answer has not paused at all; one that does pause finds the gap.
____exports.heldMs = 1000
____exports.heldAnswers = 8
____exports.heldAnswersInAll = 1000
____exports.tooSoonMs = 50
--- Upgrades of an address that were refused for their key (K6): a fleet that was not told of a new key, then one try a second.
____exports.failuresByAddress = {burst = 100, perSecond = 1}
--- Addresses, and keys, that are remembered for this: some 100 bytes each.
____exports.stormNames = 20000
--- From where a process takes in no new trial calls, and no new calls at all: its loop's delay (audio is late by that: 50 ms
-- are heard; a crowd that comes at once holds it up for longer and is served, but nobody can talk through a second), its memory, and its calls as a share of those that its file descriptors are enough for.
____exports.strainEdges = {some = {loopDelayMs = 50, memory = 0.8, calls = 0.95}, full = {loopDelayMs = 1000, memory = 0.9, calls = 1}}
--- A strain is over below this share of its edge.
____exports.strainEases = 0.8
--- How often a node says that it is there.
____exports.nodeBeatMs = 5000
--- A call that lost its lease and never came back is closed after this long: its own host reports it long before.
____exports.lostAfterMs = 600000
--- A control event before it is parsed (R3). 4,500 nested arrays are enough to break JSON.stringify; real events nest under 16 deep.
____exports.eventDepth = 64
____exports.eventKeys = 10000
--- A WebSocket close reason (RFC 6455, 5.5).
____exports.closeReasonBytes = 123
--- Admin and tenant request bodies.
____exports.bodyBytes = 256 * 1024
--- Keys that one tenant may have, revoked ones not counted.
____exports.keysPerTenant = 50
--- The label of an agent.
____exports.agentCharacters = 64
--- What a door is told of who calls: a phone number, an id of the tenant's own.
____exports.callerCharacters = 64
--- A key's head start in the queue (G3): more would be a queue of its own.
____exports.headStartSecondsMost = 3600
--- Webhooks (A5). A tenant's endpoints, and one's address.
____exports.hooksPerTenant = 5
____exports.hookUrlCharacters = 2048
--- Messages of one tenant that wait for an endpoint: an hour of calls that end every two seconds, some 1 MB; beyond it the oldest is dropped.
____exports.messagesWaiting = 2000
--- After each attempt that failed a message waits so long, and up to a fifth longer (Standard Webhooks, deliverability): ten attempts in 76 to 91 hours.
____exports.messageRetriesMs = {
    5000,
    300000,
    1800000,
    7200000,
    18000000,
    36000000,
    50400000,
    72000000,
    86400000
}
____exports.messageRetryJitter = 0.2
--- An endpoint that fails is left alone for so long, after the first failure, the second and so on: what waits for it tries it one at a time.
____exports.hookRestsMs = {5000, 20000, 80000, 300000}
--- Who takes a message to send it has it for so long: an attempt, and what it takes to note its outcome. Then another may.
____exports.messageClaimMs = 30000
--- No message waits for longer, as one of many may that an endpoint is tried with one at a time: ten attempts of one alone take so long at most.
____exports.messageWaitMsMost = __TS__ArrayReduce(
    ____exports.messageRetriesMs,
    function(____, sum, ms) return sum + ms end,
    0
) * (1 + ____exports.messageRetryJitter) + (#____exports.messageRetriesMs + 1) * ____exports.messageClaimMs
--- An endpoint has so long to answer (Standard Webhooks: 15 to 30 s); of its answer so much is read, and dropped.
____exports.webhookTimeoutMs = 15000
____exports.webhookAnswerBytes = 64 * 1024
--- A name server has so long to answer, each time that it is asked: three of them, as many as a resolv.conf has, are through within the bound above.
____exports.nameServerMs = 2000
____exports.nameServerTries = 2
--- Attempts under way in one process, and of one tenant.
____exports.webhooksAtOnce = 20
____exports.webhooksAtOnceOfDesk = 4
--- Usage reports that wait for the desk to take them in: an hour of replies every two seconds.
____exports.unpostedReports = 2000
--- Reports that a call knows again, so that one which comes twice counts once in its record: a reply and a transcription every two seconds
-- of the longest session, 60 min. Some 80 bytes each: 300 KB in such a call, under 10 KB in ten minutes of ordinary talk. Its desk knows each
-- for good.
____exports.knownReports = 4000
--- What one report may say (L2); more is no amount. Tokens (or characters): ten times the largest context, 128,000. Seconds: ten times the longest session, 60 min.
____exports.reportTokens = 1280000
____exports.reportSeconds = 36000
--- A second of session time that has no price is debited as the tokens of a second of speech: assistant audio is 1 token per 50 ms (OpenAI's realtime-costs guide).
____exports.speechTokensPerSecond = 20
--- A caller that waits (rules H1, H3). The first line waits this long for the `session.update` that names its format: most clients send it on `open`; H1 gives 1 s.
____exports.firstLineMs = 400
--- A better place is told at most this often.
____exports.queueUpdateMs = 15000
--- Something is sent at least every 25 s, or a proxy takes the socket for dead; 5 s less, because alarms come late.
____exports.queueAliveMs = 20000
--- Waiting calls are ticked by their desk (H7): together, when they are due in the same second; again after this, when one does not answer.
____exports.tickStepMs = 1000
____exports.tickAgainMs = 5000
--- A waiting call asks its desk by itself no oftener than this, should the desk have forgotten it.
____exports.parkedBeatMs = 60000
--- What it is told and asks for is kept for its next life this much later: once for a burst of events. A silent object sleeps after 10 s.
____exports.parkAfterMs = 100
--- What is learned of calls is a mean over so many: of lengths as uneven as log-normal ones (sigma 1) it is then within 20 % nine times in ten; five busy lines show as many in an hour.
____exports.meanCalls = 100
--- A wait is estimated from this many calls, and this many a line: of lines that fill at once the short calls end first.
____exports.etaSamples = 10
____exports.etaSamplesPerLine = 3
--- It is told in steps that people can use; a short one in finer steps, where five seconds would be half of it.
____exports.etaStepMs = 5000
____exports.etaShortMs = 30000
____exports.etaShortStepMs = 1000
--- What the broker says itself leaves in deltas of this length, this far ahead of the clock: enough for a late timer, little to unsay.
____exports.speechChunkMs = 200
____exports.speechLeadMs = 400
--- A line that nobody reported as spoken counts as spoken after this: the longest line and half as much again.
____exports.speechTimeoutMs = 15000
--- A line that a tenant uploads.
____exports.wavBytes = 1024 * 1024
--- Uploads that one tenant may have: every line in ten languages. At most 640 KB each, in all formats.
____exports.soundsPerTenant = 50
--- Sounds that one process keeps ready to be spoken, in base64 units: some twenty of the longest. An isolate has 128 MB for all its objects.
____exports.readySoundBytes = 16 * 1024 * 1024
____exports.lineMsLeast = 200
____exports.lineMsMost = 10000
--- A line as text: some 30 s when read aloud.
____exports.lineCharacters = 400
--- Who is told to come back within this is told that a retry is welcome (L9): the openai SDK keeps to waits of up to 60 s, and else comes back after seconds.
____exports.retrySoonMs = 60000
--- Redis answers within this or the decision is refused; with a hop to another master, begun within so long, a decision takes 500 ms at most (S3).
____exports.storeAnswerMs = 350
____exports.storeHopMs = 80
--- A decision of several such answers, with the wait for a pool between them, is refused after this (S3: 500 ms).
____exports.decisionMs = 450
--- A server that is back serves within 5 s (S3): a connection is given up after the first, tried again after the second at most, and looked at each beat.
____exports.storeConnectMs = 1000
____exports.storeRetryMs = 2000
____exports.storeBeatMs = 1000
return ____exports
end)()

-- src/plans.json
modules["plans"] = (function()
return { default = {trial = {
    priceUsd = 0,
    trialDays = 14,
    lines = 5,
    budgets = {
        tokensPerDay = 100000,
        inputTokensPerHour = 50000,
        outputTokensPerHour = 25000,
        spendUsdPerHour = 5,
        ttsCharactersPerHour = 50000
    },
    callBudgets = {inputTokensPerHour = 50000, outputTokensPerHour = 25000},
    suspendUsdPerHour = 50,
    poolShare = "shared",
    threshold = 0.7,
    weight = 1,
    room = 5,
    patienceSeconds = 60,
    longestCallMinutes = 15,
    fallbackMicroUsdPerToken = 64
}, starter = {
    priceUsd = 149,
    trialDays = nil,
    lines = 50,
    budgets = {
        tokensPerDay = 100000,
        inputTokensPerHour = 50000,
        outputTokensPerHour = 25000,
        spendUsdPerHour = 5,
        ttsCharactersPerHour = 50000
    },
    callBudgets = {inputTokensPerHour = 50000, outputTokensPerHour = 25000},
    suspendUsdPerHour = nil,
    poolShare = "shared",
    threshold = 0.8,
    weight = 2,
    room = 50,
    patienceSeconds = 120,
    longestCallMinutes = 60,
    fallbackMicroUsdPerToken = 64
}, growth = {
    priceUsd = 499,
    trialDays = nil,
    lines = 200,
    budgets = {
        tokensPerDay = 1000000,
        inputTokensPerHour = 500000,
        outputTokensPerHour = 250000,
        spendUsdPerHour = 50,
        ttsCharactersPerHour = 500000
    },
    callBudgets = {inputTokensPerHour = 500000, outputTokensPerHour = 250000},
    suspendUsdPerHour = nil,
    poolShare = "shared",
    threshold = 0.85,
    weight = 4,
    room = 100,
    patienceSeconds = 180,
    longestCallMinutes = 60,
    fallbackMicroUsdPerToken = 64
}, scale = {
    priceUsd = 1499,
    trialDays = nil,
    lines = 1000,
    budgets = {},
    callBudgets = {},
    suspendUsdPerHour = nil,
    poolShare = "reserved",
    threshold = 1,
    weight = 8,
    room = 200,
    patienceSeconds = 300,
    longestCallMinutes = nil,
    fallbackMicroUsdPerToken = 64
}} }
end)()

-- src/calendar
modules["calendar"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local __TS__StringSlice = ____lualib.__TS__StringSlice
local __TS__Number = ____lualib.__TS__Number
local __TS__StringPadStart = ____lualib.__TS__StringPadStart
local ____exports = {}
local dateOf, daysTo, digits
function dateOf(days)
    local since = days + 719468
    local era = math.floor(since / 146097)
    local dayOfEra = since - era * 146097
    local leaps = math.floor(dayOfEra / 1460) - math.floor(dayOfEra / 36524) + math.floor(dayOfEra / 146096)
    local yearOfEra = math.floor((dayOfEra - leaps) / 365)
    local dayOfYear = dayOfEra - (365 * yearOfEra + math.floor(yearOfEra / 4) - math.floor(yearOfEra / 100))
    local fromMarch = math.floor((5 * dayOfYear + 2) / 153)
    local day = dayOfYear - math.floor((153 * fromMarch + 2) / 5) + 1
    local month = fromMarch < 10 and fromMarch + 3 or fromMarch - 9
    return {year = yearOfEra + era * 400 + (month <= 2 and 1 or 0), month = month, day = day}
end
function daysTo(year, month)
    local from = month <= 2 and year - 1 or year
    local era = math.floor(from / 400)
    local yearOfEra = from - era * 400
    local dayOfYear = math.floor((153 * (month > 2 and month - 3 or month + 9) + 2) / 5)
    return era * 146097 + yearOfEra * 365 + math.floor(yearOfEra / 4) - math.floor(yearOfEra / 100) + dayOfYear - 719468
end
function digits(value, width)
    return __TS__StringPadStart(
        tostring(math.floor(value)),
        width,
        "0"
    )
end
____exports.dayMs = 86400000
--- ISO 8601 with milliseconds, as `toISOString` has it: such texts are in the order of their moments. From 1970 on.
function ____exports.isoOf(now)
    local ____dateOf_result_0 = dateOf(math.floor(now / ____exports.dayMs))
    local year = ____dateOf_result_0.year
    local month = ____dateOf_result_0.month
    local day = ____dateOf_result_0.day
    local ms = now % ____exports.dayMs
    local time = table.concat(
        __TS__ArrayMap(
            {ms / 3600000, ms / 60000 % 60, ms / 1000 % 60},
            function(____, part) return digits(part, 2) end
        ),
        ":"
    )
    return ((((((((digits(year, 4) .. "-") .. digits(month, 2)) .. "-") .. digits(day, 2)) .. "T") .. time) .. ".") .. digits(ms % 1000, 3)) .. "Z"
end
--- The moment (ms since 1970) of a text as `isoOf` writes it.
function ____exports.msOf(iso)
    local function part(from, to)
        return __TS__Number(__TS__StringSlice(iso, from, to))
    end
    local days = daysTo(
        part(0, 4),
        part(5, 7)
    ) + part(8, 10) - 1
    return days * ____exports.dayMs + part(11, 13) * 3600000 + part(14, 16) * 60000 + part(17, 19) * 1000 + part(20, 23)
end
--- When the month after that of this moment begins.
function ____exports.nextMonth(now)
    local ____dateOf_result_1 = dateOf(math.floor(now / ____exports.dayMs))
    local year = ____dateOf_result_1.year
    local month = ____dateOf_result_1.month
    return (month == 12 and daysTo(year + 1, 1) or daysTo(year, month + 1)) * ____exports.dayMs
end
return ____exports
end)()

-- src/budget
modules["budget"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local __TS__ArrayFlatMap = ____lualib.__TS__ArrayFlatMap
local __TS__ArrayFind = ____lualib.__TS__ArrayFind
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local ____exports = {}
local rounded, budgetName
local ____calendar_2Ets = modules["calendar"]
local isoOf = ____calendar_2Ets.isoOf
function rounded(value, parts)
    return math.floor(value * parts + 0.5) / parts
end
function budgetName(what, window)
    return (what .. "Per") .. (window == "hour" and "Hour" or (window == "day" and "Day" or "Month"))
end
--- What is bounded, as it is set: the account that it bounds, how many of the account's units one is, and what one is called.
____exports.bounded = {
    {what = "tokens", account = "tokens", units = 1, name = "tokens"},
    {what = "inputTokens", account = "input", units = 1, name = "input tokens"},
    {what = "outputTokens", account = "output", units = 1, name = "output tokens"},
    {what = "spendUsd", account = "micro_usd", units = 1000000, name = "US dollars"},
    {what = "liveMinutes", account = "live_ms", units = 60000, name = "live minutes"},
    {what = "ttsCharacters", account = "tts_characters", units = 1, name = "TTS characters"}
}
____exports.windowNames = {"hour", "day", "month"}
--- Every budget there is, in the order in which they are shown.
____exports.budgetNames = __TS__ArrayFlatMap(
    ____exports.windowNames,
    function(____, window) return __TS__ArrayMap(
        ____exports.bounded,
        function(____, ____bindingPattern0)
            local what
            what = ____bindingPattern0.what
            return budgetName(what, window)
        end
    ) end
)
--- The limits of `own` budgets over those of a plan.
function ____exports.limitsOf(own, plans)
    local limits = {}
    for ____, window in ipairs(____exports.windowNames) do
        for ____, ____value in ipairs(____exports.bounded) do
            local what = ____value.what
            local account = ____value.account
            local units = ____value.units
            local name = budgetName(what, window)
            local amount = own[name] or plans[name] or nil
            if amount ~= nil then
                limits[#limits + 1] = {
                    window = window,
                    account = account,
                    amount = math.floor(amount * units + 0.5)
                }
            end
        end
    end
    return limits
end
--- What it bounds, as people say it: in the unit in which it is set.
function ____exports.named(____bindingPattern0)
    local account
    account = ____bindingPattern0.account
    local ____opt_0 = __TS__ArrayFind(
        ____exports.bounded,
        function(____, one) return one.account == account end
    )
    return ____opt_0 and ____opt_0.name or account
end
--- How many of the account's units one is of those in which it is set.
function ____exports.unitsOf(____bindingPattern0)
    local account
    account = ____bindingPattern0.account
    local ____opt_2 = __TS__ArrayFind(
        ____exports.bounded,
        function(____, one) return one.account == account end
    )
    return ____opt_2 and ____opt_2.units or 1
end
--- An amount of the account in the unit in which the limit is set.
function ____exports.inUnits(limit, amount)
    return rounded(
        amount / ____exports.unitsOf(limit),
        1000000
    )
end
function ____exports.useOf(limit, used, ends)
    local ____limit_4 = limit
    local window = ____limit_4.window
    local amount = ____limit_4.amount
    local share = amount == 0 and 1 or rounded(used / amount, 10000)
    local amounts = {
        used = ____exports.inUnits(limit, used),
        limit = ____exports.inUnits(limit, amount)
    }
    return __TS__ObjectAssign(
        {
            window = window,
            of = ____exports.named(limit)
        },
        amounts,
        {
            share = share,
            resets_at = isoOf(ends)
        }
    )
end
return ____exports
end)()

-- src/plan
modules["plan"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local __TS__ObjectEntries = ____lualib.__TS__ObjectEntries
local __TS__ArrayFilter = ____lualib.__TS__ArrayFilter
local __TS__ObjectFromEntries = ____lualib.__TS__ObjectFromEntries
local __TS__ArrayFind = ____lualib.__TS__ArrayFind
local ____exports = {}
local given, longestMs
local ____calendar_2Ets = modules["calendar"]
local isoOf = ____calendar_2Ets.isoOf
local ____budget_2Ets = modules["budget"]
local limitsOf = ____budget_2Ets.limitsOf
local ____plans_2Ejson = modules["plans"]
local shipped = ____plans_2Ejson.default
function given(change)
    return __TS__ObjectFromEntries(__TS__ArrayFilter(
        __TS__ObjectEntries(change),
        function(____, ____bindingPattern0)
            local value
            value = ____bindingPattern0[2]
            return value ~= nil
        end
    ))
end
function longestMs(____bindingPattern0)
    local longestCallSeconds
    local plan
    plan = ____bindingPattern0.plan
    longestCallSeconds = ____bindingPattern0.longestCallSeconds
    local ____exports_plans_plan_7 = ____exports.plans[plan]
    local longestCallMinutes = ____exports_plans_plan_7.longestCallMinutes
    if longestCallMinutes == nil then
        local ____temp_8
        if longestCallSeconds == nil then
            ____temp_8 = nil
        else
            ____temp_8 = longestCallSeconds * 1000
        end
        return ____temp_8
    end
    return math.min(longestCallSeconds or math.huge, longestCallMinutes * 60) * 1000
end
--- No longer than the plan's either.
function ____exports.patienceMs(____bindingPattern0)
    local hold
    local plan
    plan = ____bindingPattern0.plan
    hold = ____bindingPattern0.hold
    return math.min(hold.patienceSeconds or math.huge, ____exports.plans[plan].patienceSeconds) * 1000
end
--- In the order of the ladder: who waits first comes first.
____exports.planNames = {"trial", "starter", "growth", "scale"}
____exports.plans = shipped
--- A tenant as it was stored, also before it had all of its settings.
function ____exports.tenantOf(stored)
    return __TS__ObjectAssign({
        timezone = "UTC",
        budgets = {},
        callBudgets = {},
        trialDays = nil,
        shadow = nil,
        longestCallSeconds = nil
    }, stored)
end
function ____exports.changed(tenant, change)
    local ____change_0 = change
    local caps = ____change_0.caps
    local budgets = ____change_0.budgets
    local callBudgets = ____change_0.callBudgets
    return __TS__ObjectAssign(
        {},
        tenant,
        given(change),
        {
            caps = __TS__ObjectAssign(
                {},
                tenant.caps,
                given(caps or ({}))
            ),
            budgets = __TS__ObjectAssign(
                {},
                tenant.budgets,
                given(budgets or ({}))
            ),
            callBudgets = __TS__ObjectAssign(
                {},
                tenant.callBudgets,
                given(callBudgets or ({}))
            )
        }
    )
end
function ____exports.changedKey(key, change)
    return __TS__ObjectAssign(
        {},
        key,
        given(change)
    )
end
--- Ended now, or after a grace. One that was ended before ends no later for being ended again.
function ____exports.keyEnded(key, graceMs, now)
    local at = isoOf(now + graceMs)
    local expires_at = key.expires_at ~= nil and key.expires_at < at and key.expires_at or at
    return graceMs > 0 and __TS__ObjectAssign({}, key, {expires_at = expires_at}) or __TS__ObjectAssign({}, key, {revoked_at = key.revoked_at or at})
end
function ____exports.linesOf(tenant)
    return tenant.caps.lines or ____exports.plans[tenant.plan].lines
end
--- How many callers may wait: none where the tenant has them refused instead (H6).
function ____exports.roomOf(tenant)
    return tenant.overflow == "hold" and ____exports.plans[tenant.plan].room or 0
end
--- What the tenant may use in all.
function ____exports.tenantLimits(____bindingPattern0)
    local budgets
    local plan
    plan = ____bindingPattern0.plan
    budgets = ____bindingPattern0.budgets
    return limitsOf(budgets, ____exports.plans[plan].budgets)
end
--- What each of its calls may use by itself.
function ____exports.callLimits(____bindingPattern0)
    local callBudgets
    local plan
    plan = ____bindingPattern0.plan
    callBudgets = ____bindingPattern0.callBudgets
    return limitsOf(callBudgets, ____exports.plans[plan].callBudgets)
end
--- Budgets that are only tried.
function ____exports.shadowLimits(____bindingPattern0)
    local shadow
    shadow = ____bindingPattern0.shadow
    return limitsOf(shadow and shadow.budgets or ({}), {})
end
--- A cap that is only tried.
function ____exports.shadowLines(____bindingPattern0)
    local shadow
    shadow = ____bindingPattern0.shadow
    return shadow and shadow.lines or nil
end
--- How long its trial lasts (days); undefined where it is on no plan of trials.
function ____exports.trialDaysOf(____bindingPattern0)
    local trialDays
    local plan
    plan = ____bindingPattern0.plan
    trialDays = ____bindingPattern0.trialDays
    local ____exports_plans_plan_5 = ____exports.plans[plan]
    local days = ____exports_plans_plan_5.trialDays
    local ____temp_6
    if days == nil or days == nil then
        ____temp_6 = nil
    else
        ____temp_6 = trialDays or days
    end
    return ____temp_6
end
function ____exports.callTerms(tenant, key)
    local plan = ____exports.plans[tenant.plan]
    return {
        plan = tenant.plan,
        key = key.id,
        frameBytes = tenant.frameBytes,
        longestMs = longestMs(tenant),
        fallbackMicroUsd = plan.fallbackMicroUsdPerToken,
        pinned = tenant.pinned,
        patienceMs = ____exports.patienceMs(tenant),
        hold = tenant.hold
    }
end
function ____exports.keyValid(key, now)
    return key.revoked_at == nil and (key.expires_at == nil or key.expires_at > isoOf(now))
end
--- The lines that an agent of the tenant may use, where it has a cap; whatever it is called.
function ____exports.agentCap(____bindingPattern0, agent)
    local caps
    caps = ____bindingPattern0.caps
    local ____opt_9 = __TS__ArrayFind(
        __TS__ObjectEntries(caps.agents),
        function(____, ____bindingPattern0)
            local name
            name = ____bindingPattern0[1]
            return name == agent
        end
    )
    return ____opt_9 and ____opt_9[2]
end
return ____exports
end)()

-- src/trial
modules["trial"] = (function()
local ____exports = {}
local ____calendar_2Ets = modules["calendar"]
local dayMs = ____calendar_2Ets.dayMs
local isoOf = ____calendar_2Ets.isoOf
local msOf = ____calendar_2Ets.msOf
local ____plan_2Ets = modules["plan"]
local trialDaysOf = ____plan_2Ets.trialDaysOf
--- undefined where there is none.
function ____exports.trialOf(tenant)
    local days = trialDaysOf(tenant)
    local ____temp_0
    if days == nil then
        ____temp_0 = nil
    else
        ____temp_0 = {
            days = days,
            ends = msOf(tenant.created_at) + days * dayMs
        }
    end
    return ____temp_0
end
--- ISO 8601, UTC; null where there is no trial.
function ____exports.trialEndsAt(tenant)
    local trial = ____exports.trialOf(tenant)
    local ____temp_1
    if trial == nil then
        ____temp_1 = nil
    else
        ____temp_1 = isoOf(trial.ends)
    end
    return ____temp_1
end
return ____exports
end)()

-- src/zone
modules["zone"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ArrayFind = ____lualib.__TS__ArrayFind
local ____exports = {}
____exports.utc = {{from = 0, offsetMs = 0}}
function ____exports.offsetAt(zone, now)
    local ____opt_0 = zone[1]
    local offsetMs = ____opt_0 and ____opt_0.offsetMs or 0
    for ____, part in ipairs(zone) do
        if part.from <= now then
            offsetMs = part.offsetMs
        end
    end
    return offsetMs
end
--- When the clock first shows `local` (ms since 1970, as if it were UTC) or more, after `now`. A clock that is put forward may jump over
-- it; one that is put back shows it again, which does not count.
function ____exports.momentOf(zone, ____local, now)
    local from, offsetMs = now, ____exports.offsetAt(zone, now)
    for ____, next in ipairs(zone) do
        do
            local __continue7
            repeat
                if next.from <= now then
                    __continue7 = true
                    break
                end
                if math.max(from, ____local - offsetMs) < next.from then
                    break
                end
                from = next.from
                offsetMs = next.offsetMs
                __continue7 = true
            until true
            if not __continue7 then
                break
            end
        end
    end
    return math.max(from, ____local - offsetMs)
end
--- When the clock is put forward or back next; Infinity where that is not known.
function ____exports.nextShift(zone, now)
    local next = __TS__ArrayFind(
        zone,
        function(____, ____bindingPattern0)
            local from
            from = ____bindingPattern0.from
            return from > now
        end
    )
    return next and next.from or math.huge
end
return ____exports
end)()

-- src/window
modules["window"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__StringPadStart = ____lualib.__TS__StringPadStart
local ____exports = {}
local shown, digits, minuteMs, hourMs
local ____calendar_2Ets = modules["calendar"]
local dayMs = ____calendar_2Ets.dayMs
local isoOf = ____calendar_2Ets.isoOf
local nextMonth = ____calendar_2Ets.nextMonth
local ____zone_2Ets = modules["zone"]
local momentOf = ____zone_2Ets.momentOf
local nextShift = ____zone_2Ets.nextShift
local offsetAt = ____zone_2Ets.offsetAt
function shown(offsetMs)
    local minutes = math.abs(offsetMs) / minuteMs
    return (((offsetMs < 0 and "-" or "+") .. digits(math.floor(minutes / 60))) .. ":") .. digits(minutes % 60)
end
function digits(value)
    return __TS__StringPadStart(
        tostring(value),
        2,
        "0"
    )
end
minuteMs, hourMs = 60000, 3600000
--- The hour, the day, the month: in this order.
function ____exports.windowsAt(now, zone)
    local offsetMs = offsetAt(zone, now)
    local ____local = now + offsetMs
    local iso = isoOf(____local)
    local nextHour = math.min(
        momentOf(zone, ____local - ____local % hourMs + hourMs, now),
        nextShift(zone, now)
    )
    return {
        {
            name = "hour",
            id = ("hour:" .. string.sub(iso, 1, 13)) .. shown(offsetMs),
            ends = nextHour
        },
        {
            name = "day",
            id = "day:" .. string.sub(iso, 1, 10),
            ends = momentOf(zone, ____local - ____local % dayMs + dayMs, now)
        },
        {
            name = "month",
            id = "month:" .. string.sub(iso, 1, 7),
            ends = momentOf(
                zone,
                nextMonth(____local),
                now
            )
        }
    }
end
local spanned = {hour = {at = 0, ms = hourMs}, day = {at = 1, ms = dayMs}}
--- The hours or days, one after the other, from that in which `from` falls to the last that begins before `until`; no more than `most`, the first ones.
function ____exports.spansOf(name, from, ____until, most, zone)
    local ____spanned_name_0 = spanned[name]
    local at = ____spanned_name_0.at
    local ms = ____spanned_name_0.ms
    local function endOf(moment)
        return ____exports.windowsAt(moment, zone)[at + 1].ends
    end
    local starts, ends = from, endOf(from - 2 * ms)
    while ends <= from do
        starts, ends = ends, endOf(ends)
    end
    local spans = {}
    while starts < ____until and #spans < most do
        spans[#spans + 1] = {starts = starts, ends = ends}
        starts, ends = ends, endOf(ends)
    end
    return spans
end
return ____exports
end)()

-- src/gate
modules["gate"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ArraySlice = ____lualib.__TS__ArraySlice
local __TS__ArrayFind = ____lualib.__TS__ArrayFind
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local ____exports = {}
local decide, seat, fits, takeUp, arrival, sweep
function decide(desk, ask, t)
    local ____desk_lines_0 = desk.lines
    local tenant = ____desk_lines_0[1]
    local narrow = __TS__ArraySlice(____desk_lines_0, 1)
    if tenant.leases:get(ask.call) ~= nil then
        return seat(desk, ask, t)
    end
    local waits = desk.queue:get(ask.call) ~= nil
    if not waits then
        local taken = __TS__ArrayFind(
            narrow,
            function(____, lines) return lines.leases:size() >= lines.cap end
        )
        if taken ~= nil then
            return {is = "full", of = taken.of, short = "lines"}
        end
    end
    local fit = fits(desk, ask.quota, ask.load, t)
    local waiting = desk.queue:size()
    if not waits and not (fit and waiting == 0) then
        if waiting >= t.room then
            return {
                is = "full",
                of = "room",
                short = ____exports.shortage(desk, ask, waiting, t.seats)
            }
        end
        desk.queue:set(
            ask.call,
            arrival(desk, ask, t.now)
        )
    end
    local place = desk.queue:rank(ask.call) or 0
    if fit and place == 0 then
        return seat(desk, ask, t)
    end
    ask.quota.wants:set(ask.call, ask.load)
    ____exports.keep(desk, ask.call, t)
    return {
        is = "queued",
        place = place,
        short = ____exports.shortage(desk, ask, place, t.seats)
    }
end
--- Who waits is still there: its place, and the lines of its key and agent, are its own for a TTL more (G4, G8).
function ____exports.keep(desk, call, t)
    local ____desk_lines_1 = desk.lines
    local narrow = __TS__ArraySlice(____desk_lines_1, 1)
    desk.tickets:set(call, t.now + t.ttlMs)
    for ____, lines in ipairs(narrow) do
        lines.leases:set(call, t.now + t.ttlMs)
    end
end
--- Ends a lease or a wait. Releasing what is not there is success (G5). A caller that waited is remembered (G12).
function ____exports.release(desk, call, now, caller)
    sweep(desk, now)
    local place = desk.queue:get(call)
    if place ~= nil and caller ~= nil then
        desk.places:set(caller, place)
        desk.memory:set(caller, now + ____exports.rememberedMs)
    end
    for ____, lines in ipairs(desk.lines) do
        lines.leases:delete(call)
    end
    for ____, ____value in ipairs(desk.quotas) do
        local loads = ____value.loads
        local wants = ____value.wants
        for ____, roster in ipairs({loads, wants}) do
            roster:delete(call)
        end
    end
    for ____, roster in ipairs({desk.queue, desk.tickets}) do
        roster:delete(call)
    end
end
--- What is short where the call would stand behind so many: its own line first, then its budgets, then what its pool has granted.
function ____exports.shortage(desk, ____bindingPattern0, ahead, seats)
    if seats == nil then
        seats = math.huge
    end
    local load
    local sessions
    local tokens
    local loads
    loads = ____bindingPattern0.quota.loads
    tokens = ____bindingPattern0.quota.tokens
    sessions = ____bindingPattern0.quota.sessions
    load = ____bindingPattern0.load
    local ____desk_lines_5 = desk.lines
    local leases = ____desk_lines_5[1].leases
    local cap = ____desk_lines_5[1].cap
    if leases:size() + ahead >= cap then
        return "lines"
    end
    if ahead >= seats then
        return "budget"
    end
    if loads:size() >= sessions and loads:sum() + load <= tokens then
        return "sessions"
    end
    return tokens < math.huge and "tokens" or "lines"
end
function seat(desk, ____bindingPattern0, t)
    local load
    local quota
    local call
    call = ____bindingPattern0.call
    quota = ____bindingPattern0.quota
    load = ____bindingPattern0.load
    for ____, roster in ipairs({desk.queue, quota.wants, desk.tickets}) do
        roster:delete(call)
    end
    for ____, lines in ipairs(desk.lines) do
        lines.leases:set(call, t.now + t.ttlMs)
    end
    quota.loads:set(call, load)
    return {is = "granted"}
end
function fits(desk, ____bindingPattern0, load, t, taken)
    if taken == nil then
        taken = 0
    end
    local sessions
    local tokens
    local loads
    loads = ____bindingPattern0.loads
    tokens = ____bindingPattern0.tokens
    sessions = ____bindingPattern0.sessions
    local ____t_6 = t
    local learning = ____t_6.learning
    if learning == nil then
        learning = false
    end
    local seats = ____t_6.seats
    if seats == nil then
        seats = math.huge
    end
    if learning or taken >= seats then
        return false
    end
    local ____desk_lines_7 = desk.lines
    local leases = ____desk_lines_7[1].leases
    local cap = ____desk_lines_7[1].cap
    return leases:size() < cap and loads:size() < sessions and loads:sum() + load <= tokens
end
function takeUp(desk, ____bindingPattern0)
    local caller
    caller = ____bindingPattern0.caller
    for ____, roster in ipairs({desk.places, desk.memory}) do
        if caller ~= nil then
            roster:delete(caller)
        end
    end
end
function arrival(desk, ____bindingPattern0, now)
    local headStartMs
    local caller
    caller = ____bindingPattern0.caller
    headStartMs = ____bindingPattern0.headStartMs
    if headStartMs == nil then
        headStartMs = 0
    end
    local ____temp_8
    if caller == nil then
        ____temp_8 = nil
    else
        ____temp_8 = desk.places:get(caller)
    end
    local remembered = ____temp_8
    return remembered or now - headStartMs
end
function sweep(desk, now)
    local ____desk_lines_9 = desk.lines
    local tenant = ____desk_lines_9[1]
    local narrow = __TS__ArraySlice(____desk_lines_9, 1)
    for ____, lost in ipairs(tenant.leases:purge(now)) do
        for ____, ____value in ipairs(desk.quotas) do
            local loads = ____value.loads
            loads:delete(lost)
        end
    end
    for ____, lines in ipairs(narrow) do
        lines.leases:purge(now)
    end
    for ____, late in ipairs(desk.tickets:purge(now)) do
        desk.queue:delete(late)
        for ____, ____value in ipairs(desk.quotas) do
            local wants = ____value.wants
            wants:delete(late)
        end
    end
    for ____, forgotten in ipairs(desk.memory:purge(now)) do
        desk.places:delete(forgotten)
    end
end
--- How long a caller that dropped out of the queue may take to come back to its place (G12).
____exports.rememberedMs = 60000
function ____exports.admit(desk, ask, t)
    sweep(desk, t.now)
    local comes = desk.lines[1].leases:get(ask.call) == nil and desk.queue:get(ask.call) == nil
    local verdict = decide(desk, ask, t)
    if comes and verdict.is ~= "full" then
        takeUp(desk, ask)
    end
    return verdict
end
--- A newcomer's first try. Undefined where lines are free and only the grant is short: the pool is to be asked, and until then the call
-- has a ticket, whatever the room; `conclude` says what came of it.
function ____exports.consider(desk, ask, t)
    sweep(desk, t.now)
    local ____desk_lines_2 = desk.lines
    local leases = ____desk_lines_2[1].leases
    local cap = ____desk_lines_2[1].cap
    if leases:size() >= cap then
        return ____exports.admit(desk, ask, t)
    end
    local verdict = decide(
        desk,
        ask,
        __TS__ObjectAssign({}, t, {room = math.huge})
    )
    if verdict.is == "queued" then
        return nil
    end
    if verdict.is == "granted" then
        takeUp(desk, ask)
    end
    return verdict
end
--- The pool was asked: the newcomer is granted, has its place, or finds that there is none.
function ____exports.conclude(desk, ask, t)
    sweep(desk, t.now)
    local verdict = decide(desk, ask, t)
    if verdict.is == "queued" and verdict.place >= t.room then
        ____exports.release(desk, ask.call, t.now)
        return {is = "full", of = "room", short = verdict.short}
    end
    if verdict.is ~= "full" then
        takeUp(desk, ask)
    end
    return verdict
end
--- Seats those who wait, in order, for as long as the next one fits; returns the calls seated (G6).
function ____exports.advance(desk, t)
    sweep(desk, t.now)
    local ofTenant = __TS__ObjectAssign({}, desk, {lines = {desk.lines[1]}})
    local seated = {}
    do
        while true do
            local call = unpack(
                desk.queue:first(1),
                1,
                1
            )
            if call == nil then
                return seated
            end
            local quota = __TS__ArrayFind(
                desk.quotas,
                function(____, ____bindingPattern0)
                    local wants
                    wants = ____bindingPattern0.wants
                    return wants:get(call) ~= nil
                end
            ) or desk.quotas[1]
            local load = quota.wants:get(call) or 0
            if not fits(
                desk,
                quota,
                load,
                t,
                #seated
            ) then
                return seated
            end
            seat(ofTenant, {call = call, quota = quota, load = load}, t)
            seated[#seated + 1] = call
        end
    end
end
--- Prolongs a lease and tells the call's load now; takes it anew, also above the cap, when the store had lost it (G5).
function ____exports.renew(desk, ____bindingPattern0, t)
    local load
    local quota
    local call
    call = ____bindingPattern0.call
    quota = ____bindingPattern0.quota
    load = ____bindingPattern0.load
    sweep(desk, t.now)
    seat(desk, {call = call, quota = quota, load = load}, t)
end
function ____exports.read(desk, now)
    sweep(desk, now)
    local ____desk_lines_3 = desk.lines
    local leases = ____desk_lines_3[1].leases
    local cap = ____desk_lines_3[1].cap
    local live = leases:size()
    return {
        live = live,
        waiting = desk.queue:size(),
        over = math.max(0, live - cap)
    }
end
function ____exports.needs(desk, quota, now, seats)
    if seats == nil then
        seats = math.huge
    end
    sweep(desk, now)
    local ____desk_lines_4 = desk.lines
    local leases = ____desk_lines_4[1].leases
    local cap = ____desk_lines_4[1].cap
    local tokens = {
        has = quota.loads:sum(),
        wants = quota.loads:sum()
    }
    local sessions = {
        has = quota.loads:size(),
        wants = quota.loads:size()
    }
    for ____, call in ipairs(desk.queue:first(math.max(
        0,
        math.min(
            seats,
            cap - leases:size()
        )
    ))) do
        do
            local __continue41
            repeat
                local load = quota.wants:get(call)
                if load == nil then
                    __continue41 = true
                    break
                end
                tokens.wants = tokens.wants + load
                sessions.wants = sessions.wants + 1
                __continue41 = true
            until true
            if not __continue41 then
                break
            end
        end
    end
    return {tokens = tokens, sessions = sessions}
end
--- The lines that free one after another for those who wait: all of them, or, where budget or pool is short, those in use.
function ____exports.turning(____bindingPattern0, short)
    local cap
    local leases
    leases = ____bindingPattern0.lines[1].leases
    cap = ____bindingPattern0.lines[1].cap
    return short == "lines" and cap or math.max(
        1,
        math.min(
            cap,
            leases:size()
        )
    )
end
return ____exports
end)()

-- src/grant
modules["grant"] = (function()
local ____exports = {}
--- What the desk may use of it now.
function ____exports.held(holding, of, now)
    return (holding.untils:get(of) or 0) > now and (holding.amounts:get(of) or 0) or 0
end
--- Before it asks, the desk lets go of what its calls do not have: what it said it had stays true until the pool has heard it.
function ____exports.ask(holding, of, has, t)
    holding.amounts:set(
        of,
        math.min(
            ____exports.held(holding, of, t.now),
            has
        )
    )
    holding.asked:set(of, t.now + t.answerMs)
end
--- The pool's answer; or, unasked, its word that the grant rose. It holds until then (ms), by the desk's own clock. False when it is an older one
-- and nothing changed.
function ____exports.take(holding, of, grant, as, t)
    if as == "word" and (holding.asked:get(of) or 0) > t.now then
        return false
    end
    if as == "answer" then
        holding.asked:delete(of)
    end
    if grant.version <= (holding.versions:get(of) or 0) then
        return false
    end
    holding.amounts:set(of, grant.amount)
    holding.untils:set(of, t["until"])
    holding.versions:set(of, grant.version)
    return true
end
--- No answer comes: from now on the pool's word counts again.
function ____exports.unanswered(holding, of)
    holding.asked:delete(of)
end
return ____exports
end)()

-- src/ledger
modules["ledger"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ObjectEntries = ____lualib.__TS__ObjectEntries
local __TS__ArrayFilter = ____lualib.__TS__ArrayFilter
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local __TS__ObjectFromEntries = ____lualib.__TS__ObjectFromEntries
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local __TS__StringSplit = ____lualib.__TS__StringSplit
local __TS__ArraySlice = ____lualib.__TS__ArraySlice
local __TS__StringStartsWith = ____lualib.__TS__StringStartsWith
local __TS__ArrayReduce = ____lualib.__TS__ArrayReduce
local ____exports = {}
local numberOf, sumOf, otherAgents
local ____limits_2Ets = modules["limits"]
local cellsMost = ____limits_2Ets.cellsMost
--- The text of a cell in its roster; `cellOf` reads it. An agent may be called anything: it stands last.
function ____exports.textOf(____bindingPattern0)
    local agent
    local model
    local key
    key = ____bindingPattern0.key
    model = ____bindingPattern0.model
    agent = ____bindingPattern0.agent
    return (((key .. "\n") .. model) .. "\n") .. (agent or "")
end
function numberOf(cells, cell)
    local text, full = ____exports.textOf(cell), cells:size() >= cellsMost
    local known = cells:get(text)
    if known ~= nil then
        return known
    end
    if full and cell.agent ~= nil and cell.agent ~= otherAgents then
        return numberOf(
            cells,
            __TS__ObjectAssign({}, cell, {agent = otherAgents})
        )
    end
    local number = cells:size() + 1
    cells:set(text, number)
    return number
end
function sumOf(amounts, prefix)
    local parts = __TS__ArrayFilter(
        __TS__ObjectEntries(amounts),
        function(____, ____bindingPattern0)
            local account
            account = ____bindingPattern0[1]
            return __TS__StringStartsWith(account, prefix)
        end
    )
    return __TS__ArrayReduce(
        parts,
        function(____, sum, ____bindingPattern0)
            local amount
            amount = ____bindingPattern0[2]
            return sum + amount
        end,
        0
    )
end
--- False when this report was taken in before. `debited`: the reports of one call.
function ____exports.isNew(debited, ____bindingPattern0)
    local id
    id = ____bindingPattern0.id
    if debited:get(id) ~= nil then
        return false
    end
    debited:set(id, 1)
    return true
end
--- Adds amounts to each page. That they come once is kept elsewhere.
function ____exports.post(pages, amounts, cell)
    local posted = __TS__ArrayFilter(
        __TS__ObjectEntries(amounts),
        function(____, ____bindingPattern0)
            local amount
            amount = ____bindingPattern0[2]
            return amount ~= 0
        end
    )
    if #posted == 0 then
        return
    end
    for ____, ____value in ipairs(pages) do
        local used = ____value.used
        local apart = ____value.apart
        do
            local __continue7
            repeat
                for ____, ____value in ipairs(posted) do
                    local account = ____value[1]
                    local amount = ____value[2]
                    used:add(account, amount)
                end
                if apart == nil then
                    __continue7 = true
                    break
                end
                local number = numberOf(apart.cells, cell)
                for ____, ____value in ipairs(posted) do
                    local account = ____value[1]
                    local amount = ____value[2]
                    apart.split:add(
                        (tostring(number) .. "/") .. account,
                        amount
                    )
                end
                __continue7 = true
            until true
            if not __continue7 then
                break
            end
        end
    end
end
--- The balances of the named accounts; one that was never debited reads 0.
function ____exports.balances(used, names)
    return __TS__ObjectFromEntries(__TS__ArrayMap(
        names,
        function(____, name) return {
            name,
            used:get(name) or 0
        } end
    ))
end
--- With what they come to in all, which budgets are about.
function ____exports.withTotals(amounts)
    local input, output = sumOf(amounts, "input_"), sumOf(amounts, "output_")
    return __TS__ObjectAssign({}, amounts, {input = input, output = output, tokens = input + output})
end
--- All tokens of a report: cached ones are part of input.
function ____exports.tokensOf(amounts)
    return sumOf(amounts, "input_") + sumOf(amounts, "output_")
end
function ____exports.cellOf(text)
    local ____TS__StringSplit_result_0 = __TS__StringSplit(text, "\n")
    local key = ____TS__StringSplit_result_0[1]
    if key == nil then
        key = ""
    end
    local model = ____TS__StringSplit_result_0[2]
    if model == nil then
        model = ""
    end
    local rest = __TS__ArraySlice(____TS__StringSplit_result_0, 2)
    local agent = table.concat(rest, "\n")
    local ____key_2 = key
    local ____model_3 = model
    local ____temp_1
    if agent == "" then
        ____temp_1 = nil
    else
        ____temp_1 = agent
    end
    return {key = ____key_2, model = ____model_3, agent = ____temp_1}
end
otherAgents = "(other)"
return ____exports
end)()

-- src/threshold
modules["threshold"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local __TS__ArrayFind = ____lualib.__TS__ArrayFind
local ____exports = {}
function ____exports.pageOf(pages, ____bindingPattern0)
    local window
    window = ____bindingPattern0.window
    return __TS__ArrayFind(
        pages,
        function(____, page) return page.window.name == window end
    )
end
--- In the order in which they are reached.
____exports.levels = {{level = "warning", percent = 80}, {level = "exhausted", percent = 100}}
--- Tells each once: at the threshold and not before, however far a step goes. `as`: whose limits they are, to be told apart from others.
function ____exports.reached(pages, limits, as)
    if as == nil then
        as = ""
    end
    local news = {}
    for ____, limit in ipairs(limits) do
        local page = ____exports.pageOf(pages, limit)
        local used = page and page.used:get(limit.account) or 0
        for ____, ____value in ipairs(____exports.levels) do
            local level = ____value.level
            local percent = ____value.percent
            do
                local __continue4
                repeat
                    if page == nil or used * 100 < limit.amount * percent then
                        __continue4 = true
                        break
                    end
                    local name = ((as .. level) .. "/") .. limit.account
                    if page.told:get(name) == limit.amount then
                        __continue4 = true
                        break
                    end
                    page.told:set(name, limit.amount)
                    news[#news + 1] = __TS__ObjectAssign({}, limit, {level = level, used = used, ends = page.window.ends})
                    __continue4 = true
                until true
                if not __continue4 then
                    break
                end
            end
        end
    end
    return news
end
--- The spent budget that begins anew last, if any is spent.
function ____exports.spent(pages, limits)
    local last
    for ____, limit in ipairs(limits) do
        do
            local __continue10
            repeat
                local page = ____exports.pageOf(pages, limit)
                if page == nil or (page.used:get(limit.account) or 0) < limit.amount then
                    __continue10 = true
                    break
                end
                if last == nil or page.window.ends > last.ends then
                    last = {limit = limit, ends = page.window.ends}
                end
                __continue10 = true
            until true
            if not __continue10 then
                break
            end
        end
    end
    return last
end
--- For how many more who each ask for so much there is room beside what is held already. Where nothing is held the rest of a budget is given
-- whole: it would be of no use otherwise.
function ____exports.roomIn(pages, limits, held, asked)
    local least = {seats = math.huge, limit = nil}
    for ____, limit in ipairs(limits) do
        do
            local __continue15
            repeat
                local each = asked(limit)
                if each == 0 then
                    __continue15 = true
                    break
                end
                local ____opt_2 = ____exports.pageOf(pages, limit)
                local used, others = ____opt_2 and ____opt_2.used:get(limit.account) or 0, held(limit)
                local seats = math.max(
                    others > 0 and 0 or 1,
                    math.floor((limit.amount - used - others) / each)
                )
                if seats < least.seats then
                    least = {seats = seats, limit = limit}
                end
                __continue15 = true
            until true
            if not __continue15 then
                break
            end
        end
    end
    return least
end
return ____exports
end)()

-- src/held
modules["held"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ArrayEvery = ____lualib.__TS__ArrayEvery
local ____exports = {}
function ____exports.letGo(held, call)
    for ____, roster in ipairs({held.input, held.output, held.micro_usd, held.untils}) do
        roster:delete(call)
    end
end
--- Lets go of what was not held on.
function ____exports.lapse(held, now)
    for ____, call in ipairs(held.untils:purge(now)) do
        ____exports.letGo(held, call)
    end
end
____exports.parts = {"input", "output", "micro_usd"}
--- In the place of what the call held before; it runs out with the call's lease, unless it is held on.
function ____exports.hold(held, call, estimate, ____until)
    if __TS__ArrayEvery(
        ____exports.parts,
        function(____, part) return estimate[part] == 0 end
    ) then
        return ____exports.letGo(held, call)
    end
    for ____, part in ipairs(____exports.parts) do
        held[part]:set(call, estimate[part])
    end
    held.untils:set(call, ____until)
end
--- The call is still there, and with it what it holds.
function ____exports.holdOn(held, call, ____until)
    if held.untils:get(call) ~= nil then
        held.untils:set(call, ____until)
    end
end
--- What is held of an account now, by all calls.
function ____exports.heldOf(held, account, now)
    ____exports.lapse(held, now)
    if account == "tokens" then
        return held.input:sum() + held.output:sum()
    end
    return (account == "input" or account == "output" or account == "micro_usd") and held[account]:sum() or 0
end
--- The same of one estimate.
function ____exports.partOf(estimate, account)
    if account == "tokens" then
        return estimate.input + estimate.output
    end
    return (account == "input" or account == "output" or account == "micro_usd") and estimate[account] or 0
end
return ____exports
end)()

-- src/mean
modules["mean"] = (function()
local ____exports = {}
local ____limits_2Ets = modules["limits"]
local meanCalls = ____limits_2Ets.meanCalls
--- Each counts alike until so many have shown it; from then on the old weigh less with each new one.
function ____exports.learn(roster, value)
    local calls = roster:add("calls", 1)
    local mean = roster:get("mean") or 0
    roster:set(
        "mean",
        math.floor(mean + (value - mean) / math.min(calls, meanCalls) + 0.5)
    )
end
function ____exports.learned(roster)
    return {
        mean = roster:get("mean") or 0,
        calls = roster:get("calls") or 0
    }
end
return ____exports
end)()

-- src/meter
modules["meter"] = (function()
local ____exports = {}
local forget
function forget(____bindingPattern0, now)
    local forMs
    local slots
    local amounts
    amounts = ____bindingPattern0.amounts
    slots = ____bindingPattern0.slots
    forMs = ____bindingPattern0.forMs
    for ____, old in ipairs(slots:purge(now - forMs)) do
        amounts:delete(old)
    end
end
--- What is past goes with what is noted, whether or not anybody looks.
function ____exports.note(meter, amount, now)
    local began = now - now % meter.stepMs
    forget(meter, now)
    meter.slots:set(
        tostring(began),
        began
    )
    meter.amounts:add(
        tostring(began),
        amount
    )
end
function ____exports.taken(meter, now)
    forget(meter, now)
    return meter.amounts:sum()
end
return ____exports
end)()

-- src/metrics
modules["metrics"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local __TS__Class = ____lualib.__TS__Class
local ____exports = {}
local labelled
function labelled(name, labels)
    local ____exports_catalogue_name_1 = ____exports.catalogue[name]
    local order = ____exports_catalogue_name_1.labels
    return table.concat(
        __TS__ArrayMap(
            order,
            function(____, label) return ((("\"" .. label) .. "\":\"") .. (labels[label] or "")) .. "\"" end
        ),
        ","
    )
end
local seconds = {
    0.05,
    0.1,
    0.2,
    0.4,
    0.6,
    0.8,
    1,
    1.4,
    2,
    3,
    5,
    10
}
____exports.catalogue = {
    trunkline_build_info = {kind = "gauge", help = "Always 1; the labels say what runs.", labels = {"version", "host"}},
    trunkline_calls_live = {kind = "gauge", help = "Calls that hold a line now.", labels = {"plan"}, presence = true},
    trunkline_calls_cap = {kind = "gauge", help = "Lines that the tenants of a plan may use together.", labels = {"plan"}},
    trunkline_calls_waiting = {kind = "gauge", help = "Callers that wait now, or hear that their wait was in vain.", labels = {"plan"}, presence = true},
    trunkline_queue_oldest_wait_seconds = {
        kind = "gauge",
        help = "The longest wait of those who are in a queue: of all tenants of the plan, as last reported (at most 15 s ago); 0 when nobody waits.",
        labels = {"plan"},
        combine = "max",
        presence = true
    },
    trunkline_calls_offered_total = {kind = "counter", help = "Calls offered with a good key: admitted, waiting, refused and abandoned ones together.", labels = {"plan"}},
    trunkline_queue_wait_seconds = {kind = "histogram", help = "How long callers waited, by what came of it: served, abandoned (hung up, or lost) or refused (patience over, removed, key revoked). A caller with a line at once is not in it.", labels = {"plan", "outcome"}, buckets = {
        1,
        2,
        5,
        10,
        20,
        30,
        60,
        120,
        300
    }},
    trunkline_admissions_total = {kind = "counter", help = "Calls offered, by what was decided and why: admitted, refused (at once or after a wait) or abandoned (in the wait). A caller that waits is counted when its wait is over.", labels = {"plan", "decision", "reason"}},
    trunkline_pool_ceiling = {kind = "gauge", help = "What the upstream quota bears: tokens a minute, or live sessions.", labels = {"pool", "unit"}},
    trunkline_pool_has = {kind = "gauge", help = "What its live calls are predicted to take.", labels = {"pool", "unit"}},
    trunkline_pool_wants = {kind = "gauge", help = "What its live calls have, and those want who wait for it.", labels = {"pool", "unit"}},
    trunkline_pool_granted = {kind = "gauge", help = "What the tenants may use of it now.", labels = {"pool", "unit"}},
    trunkline_pool_use_ratio = {kind = "gauge", help = "Use: what its calls have, or what was measured in the last minute if that is more, as a share of the ceiling.", labels = {"pool", "unit"}},
    trunkline_pool_headroom_ratio = {kind = "gauge", help = "What is left of the ceiling, from 0 to 1: 1 less the use.", labels = {"pool", "unit"}},
    trunkline_pool_tokens_last_minute = {kind = "gauge", help = "Tokens debited in the last minute, as far as its tenants have told.", labels = {"pool"}},
    trunkline_pool_desks = {kind = "gauge", help = "Tenants that draw from it now.", labels = {"pool"}},
    trunkline_process_calls = {kind = "gauge", help = "Calls of this process, or of all that share its port.", labels = {}},
    trunkline_process_calls_most = {kind = "gauge", help = "Calls that the open files of this process are enough for, or of all that share its port; absent where files are no bound.", labels = {}},
    trunkline_process_calls_ratio = {kind = "gauge", help = "Calls of a process as a share of those that its open files are enough for: the highest.", labels = {}, combine = "max"},
    trunkline_process_loop_delay_seconds = {kind = "gauge", help = "How late the event loop of a process is, 99th percentile of two seconds: the highest.", labels = {}, combine = "max"},
    trunkline_process_memory_ratio = {kind = "gauge", help = "Resident memory of a process as a share of what it may have: the highest.", labels = {}, combine = "max"},
    trunkline_process_strain = {kind = "gauge", help = "1: no new trial calls; 2: no new calls at all; 0: everybody is taken in.", labels = {}, combine = "max"},
    trunkline_process_draining = {kind = "gauge", help = "1 while a process shuts down and lets its live calls end.", labels = {}, combine = "max"},
    trunkline_call_ends_total = {kind = "counter", help = "Calls ended, by who ended them and why.", labels = {"plan", "by", "reason"}},
    trunkline_tokens_total = {kind = "counter", help = "Tokens debited. Cached ones are part of input.", labels = {"plan", "direction", "modality"}},
    trunkline_spend_microusd_total = {kind = "counter", help = "Micro-dollars debited.", labels = {"plan"}},
    trunkline_unpriced_reports_total = {kind = "counter", help = "Usage reports of a model without a price, and calls whose time has none: debited at the fallback rate.", labels = {"plan"}},
    trunkline_unreported_usage_total = {kind = "counter", help = "Replies and transcriptions for which the provider reported no usage.", labels = {"plan"}},
    trunkline_budget_alerts_total = {kind = "counter", help = "Budgets of tenants that were four fifths used (warning) or spent (exhausted), once a window; of those that are only tried, shadow is true.", labels = {
        "plan",
        "level",
        "account",
        "window",
        "shadow"
    }},
    trunkline_suspensions_total = {kind = "counter", help = "Trials that were suspended because they spent too fast.", labels = {"plan"}},
    trunkline_shadow_refusals_total = {kind = "counter", help = "Calls that were let in and that a cap which is only tried would not have given a line at once.", labels = {"plan"}},
    trunkline_held_tokens_total = {kind = "counter", help = "Tokens that were held for replies which have ended. Divided by the next row: 1 where each hold was right, more where too much was held.", labels = {"plan"}},
    trunkline_settled_tokens_total = {kind = "counter", help = "Tokens that the same replies took in the end.", labels = {"plan"}},
    trunkline_call_cost_usd = {kind = "histogram", help = "What calls cost.", labels = {"plan"}, buckets = {
        0.01,
        0.02,
        0.05,
        0.1,
        0.2,
        0.5,
        1,
        2,
        5
    }},
    trunkline_call_tokens_per_minute = {kind = "histogram", help = "Tokens a minute of calls: a rise at the same volume means that models, prompts or what is cached have changed.", labels = {"plan"}, buckets = {
        1000,
        2000,
        4000,
        6000,
        10000,
        20000,
        40000,
        70000
    }},
    trunkline_voice_seconds_total = {kind = "counter", help = "Seconds that calls were live.", labels = {"plan"}},
    trunkline_first_audio_seconds = {kind = "histogram", help = "From the end of the caller’s turn to the first audio of the answer: the first of each call.", labels = {"plan"}, buckets = seconds},
    trunkline_overhead_seconds = {kind = "histogram", help = "What the broker itself takes: from the upgrade to the dial.", labels = {"plan"}, buckets = {
        0.001,
        0.002,
        0.005,
        0.01,
        0.02,
        0.05,
        0.1,
        0.5,
        1
    }},
    trunkline_upstream_connect_seconds = {kind = "histogram", help = "From the dial to the open upstream.", labels = {"plan"}, buckets = seconds},
    trunkline_call_duration_seconds = {kind = "histogram", help = "How long calls were live.", labels = {"plan"}, buckets = {
        5,
        10,
        30,
        60,
        120,
        300,
        600,
        1800,
        3600
    }},
    trunkline_webhook_deliveries_total = {kind = "counter", help = "Attempts to tell a webhook endpoint, by what came of them: delivered, retried (it failed and is tried again), gave_up (it failed for the last time), disabled (410: the endpoint is told no more).", labels = {"outcome"}},
    trunkline_webhook_messages_waiting = {kind = "gauge", help = "Messages that an endpoint has still to be told.", labels = {}},
    trunkline_webhook_messages_dropped_total = {kind = "counter", help = "Messages that were dropped because too many of their tenant waited, the oldest each time, or because they waited too long.", labels = {}},
    trunkline_webhook_oldest_wait_seconds = {kind = "gauge", help = "How long the oldest message waits that an endpoint has still to be told: of all tenants, as last reported; 0 when none waits.", labels = {}, combine = "max"}
}
function ____exports.count(add, name, labels, by)
    if by == nil then
        by = 1
    end
    add(
        ((name .. "{") .. labelled(name, labels)) .. "}",
        by
    )
end
function ____exports.observe(add, name, labels, value)
    local ____exports_catalogue_name_0 = ____exports.catalogue[name]
    local buckets = ____exports_catalogue_name_0.buckets
    if buckets == nil then
        buckets = {}
    end
    local own = labelled(name, labels)
    for ____, le in ipairs(buckets) do
        add(
            ((((name .. "_bucket{") .. own) .. ",\"le\":\"") .. tostring(le)) .. "\"}",
            value <= le and 1 or 0
        )
    end
    add(((name .. "_bucket{") .. own) .. ",\"le\":\"+Inf\"}", 1)
    add(((name .. "_sum{") .. own) .. "}", value)
    add(((name .. "_count{") .. own) .. "}", 1)
end
--- Counts and observations as plain numbers, so that they can be stored, sent and added up.
____exports.Meters = __TS__Class()
local Meters = ____exports.Meters
Meters.name = "Meters"
function Meters.prototype.____constructor(self, series)
    if series == nil then
        series = {}
    end
    self.add = function(series, by)
        self.series[series] = (self.series[series] or 0) + by
    end
    self.series = series
end
function Meters.prototype.count(self, name, labels, by)
    if by == nil then
        by = 1
    end
    ____exports.count(self.add, name, labels, by)
end
function Meters.prototype.observe(self, name, labels, value)
    ____exports.observe(self.add, name, labels, value)
end
return ____exports
end)()

-- src/offer-check
modules["offer-check"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ArrayIncludes = ____lualib.__TS__ArrayIncludes
local __TS__ArrayFilter = ____lualib.__TS__ArrayFilter
local ____exports = {}
local ____plan_2Ets = modules["plan"]
local keyValid = ____plan_2Ets.keyValid
function ____exports.offerProblem(offer, tenant, key, now)
    if not keyValid(key, now) then
        return {why = "key_revoked"}
    end
    if offer.unserved ~= nil then
        return offer.unserved
    end
    local models = __TS__ArrayFilter(
        offer.models,
        function(____, model) return tenant.models == nil or __TS__ArrayIncludes(tenant.models, model) end
    )
    if offer.model == "" then
        return {
            why = "model_missing",
            details = {models = table.concat(models, ", ")}
        }
    end
    if not __TS__ArrayIncludes(models, offer.model) then
        return {
            why = "model_unknown",
            details = {
                model = offer.model,
                models = table.concat(models, ", ")
            }
        }
    end
    return nil
end
return ____exports
end)()

-- src/queue-notice
modules["queue-notice"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local __TS__ObjectRest = ____lualib.__TS__ObjectRest
local __TS__NumberIsFinite = ____lualib.__TS__NumberIsFinite
local ____exports = {}
local ____limits_2Ets = modules["limits"]
local etaSamples = ____limits_2Ets.etaSamples
local etaSamplesPerLine = ____limits_2Ets.etaSamplesPerLine
local etaShortMs = ____limits_2Ets.etaShortMs
local etaShortStepMs = ____limits_2Ets.etaShortStepMs
local etaStepMs = ____limits_2Ets.etaStepMs
function ____exports.noticeFrame(____bindingPattern0, eventId)
    local members
    local ____type
    ____type = ____bindingPattern0.type
    members = __TS__ObjectRest(____bindingPattern0, {type = true})
    return JSON:stringify(__TS__ObjectAssign({type = ____type, event_id = eventId}, members))
end
--- The mean wait at a place (from 1): as many mean calls as stand before its end, shared by the lines, rounded up. Null while too few are known (H3).
function ____exports.etaMs(place, lines, meanCallMs, samples)
    if lines < 1 or samples < math.max(etaSamples, etaSamplesPerLine * lines) then
        return nil
    end
    local ms = place * meanCallMs / lines
    local step = ms <= etaShortMs and etaShortStepMs or etaStepMs
    return __TS__NumberIsFinite(ms) and math.max(
        step,
        math.ceil(ms / step) * step
    ) or nil
end
return ____exports
end)()

-- src/desk-counts
modules["desk-counts"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__StringSplit = ____lualib.__TS__StringSplit
local __TS__ArrayIncludes = ____lualib.__TS__ArrayIncludes
local __TS__ObjectEntries = ____lualib.__TS__ObjectEntries
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local __TS__ObjectFromEntries = ____lualib.__TS__ObjectFromEntries
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local __TS__New = ____lualib.__TS__New
local __TS__ArraySort = ____lualib.__TS__ArraySort
local ____exports = {}
local ____metrics_2Ets = modules["metrics"]
local count = ____metrics_2Ets.count
local Meters = ____metrics_2Ets.Meters
local observe = ____metrics_2Ets.observe
____exports.DeskCounts = __TS__Class()
local DeskCounts = ____exports.DeskCounts
DeskCounts.name = "DeskCounts"
function DeskCounts.prototype.____constructor(self, home)
    self._home = home
end
function DeskCounts.prototype.offered(self, pool, plan)
    self:_count(pool, "trunkline_calls_offered_total", {plan = plan})
end
function DeskCounts.prototype.admitted(self, pool, plan, waitedMs)
    self:_count(pool, "trunkline_admissions_total", {plan = plan, decision = "admitted", reason = "granted"})
    if waitedMs > 0 then
        self:_observe(pool, "trunkline_queue_wait_seconds", {plan = plan, outcome = "served"}, waitedMs / 1000)
    end
end
function DeskCounts.prototype.turnedAway(self, pool, plan, admission)
    local reason = (admission.is == "refused" or admission.is == "full") and admission.refusal.why or admission.is
    self:_count(pool, "trunkline_admissions_total", {plan = plan, decision = "refused", reason = reason})
end
function DeskCounts.prototype.wouldWait(self, pool, plan)
    self:_count(pool, "trunkline_shadow_refusals_total", {plan = plan})
end
function DeskCounts.prototype.unserved(self, pool, plan, ____bindingPattern0)
    local waitedMs
    local outcome
    outcome = ____bindingPattern0.outcome
    waitedMs = ____bindingPattern0.waitedMs
    local abandoned = outcome.why == "hung_up" or outcome.why == "call_reset"
    local decision = abandoned and "abandoned" or "refused"
    self:_count(pool, "trunkline_admissions_total", {plan = plan, decision = decision, reason = outcome.why})
    self:_observe(pool, "trunkline_queue_wait_seconds", {plan = plan, outcome = decision}, waitedMs / 1000)
end
function DeskCounts.prototype.debited(self, pool, plan, ____bindingPattern0)
    local amounts
    amounts = ____bindingPattern0.amounts
    for ____, ____value in ipairs(__TS__ObjectEntries(amounts)) do
        local account = ____value[1]
        local amount = ____value[2]
        local direction, modality = unpack(
            __TS__StringSplit(account, "_"),
            1,
            2
        )
        if direction == nil then
            direction = ""
        end
        if account == "micro_usd" then
            self:_count(pool, "trunkline_spend_microusd_total", {plan = plan}, amount)
        elseif account == "unpriced" then
            self:_count(pool, "trunkline_unpriced_reports_total", {plan = plan})
        elseif account == "unreported" then
            self:_count(pool, "trunkline_unreported_usage_total", {plan = plan})
        elseif modality ~= nil and __TS__ArrayIncludes({"input", "cached", "output"}, direction) then
            self:_count(pool, "trunkline_tokens_total", {plan = plan, direction = direction, modality = modality}, amount)
        end
    end
end
function DeskCounts.prototype.metered(self, pool, plan, ____bindingPattern0)
    local micro_usd
    local live_ms
    live_ms = ____bindingPattern0.live_ms
    micro_usd = ____bindingPattern0.micro_usd
    if live_ms > 0 then
        self:_count(pool, "trunkline_voice_seconds_total", {plan = plan}, live_ms / 1000)
    end
    if micro_usd > 0 then
        self:_count(pool, "trunkline_spend_microusd_total", {plan = plan}, micro_usd)
    end
end
function DeskCounts.prototype.alerted(self, pool, plan, alert)
    if alert.is == "suspended" then
        return self:_count(pool, "trunkline_suspensions_total", {plan = plan})
    end
    local ____alert_0 = alert
    local level = ____alert_0.level
    local account = ____alert_0.account
    local window = ____alert_0.window
    local shadow = ____alert_0.shadow
    local labels = {
        plan = plan,
        level = level,
        account = account,
        window = window,
        shadow = shadow and "true" or "false"
    }
    self:_count(pool, "trunkline_budget_alerts_total", labels)
end
function DeskCounts.prototype.ended(self, pool, plan, record)
    local labels = {plan = plan}
    local ____record_1 = record
    local outcome = ____record_1.outcome
    local liveMs = ____record_1.liveMs
    local overheadMs = ____record_1.overheadMs
    local connectMs = ____record_1.connectMs
    local firstAudioMs = ____record_1.firstAudioMs
    local microUsd = ____record_1.microUsd
    local tokensPerMinute = ____record_1.tokensPerMinute
    local heldTokens = ____record_1.heldTokens
    local settledTokens = ____record_1.settledTokens
    self:_count(pool, "trunkline_call_ends_total", {plan = plan, by = outcome.by, reason = outcome.why})
    self:_observe(pool, "trunkline_overhead_seconds", labels, overheadMs / 1000)
    self:_observe(pool, "trunkline_call_duration_seconds", labels, liveMs / 1000)
    if liveMs > 0 then
        self:_observe(pool, "trunkline_call_cost_usd", labels, microUsd / 1000000)
    end
    if tokensPerMinute ~= nil then
        self:_observe(pool, "trunkline_call_tokens_per_minute", labels, tokensPerMinute)
    end
    self:_count(pool, "trunkline_held_tokens_total", labels, heldTokens)
    self:_count(pool, "trunkline_settled_tokens_total", labels, settledTokens)
    if connectMs ~= nil then
        self:_observe(pool, "trunkline_upstream_connect_seconds", labels, connectMs / 1000)
    end
    if firstAudioMs ~= nil then
        self:_observe(pool, "trunkline_first_audio_seconds", labels, firstAudioMs / 1000)
    end
end
function DeskCounts.prototype.delivery(self, pool, outcome)
    if pool ~= nil then
        self:_count(pool, "trunkline_webhook_deliveries_total", {outcome = outcome})
    end
end
function DeskCounts.prototype.dropped(self, pool, messages)
    if pool ~= nil and messages > 0 then
        self:_count(pool, "trunkline_webhook_messages_dropped_total", {}, messages)
    end
end
function DeskCounts.prototype.sums(self)
    return __TS__ObjectFromEntries(__TS__ArrayMap(
        self._home:pools(),
        function(____, pool) return {
            pool,
            self._home:series(pool)
        } end
    ))
end
function DeskCounts.prototype._count(self, pool, name, labels, by)
    if by == nil then
        by = 1
    end
    count(
        function(series, more) return self._home:add(pool, series, more) end,
        name,
        labels,
        by
    )
end
function DeskCounts.prototype._observe(self, pool, name, labels, value)
    observe(
        function(series, more) return self._home:add(pool, series, more) end,
        name,
        labels,
        value
    )
end
--- What a desk adds to `/metrics`, by pool. Who waits stands with the pool that it was counted for when it came, so that each report
-- balances by itself whichever of them is read before the others (M3); the other gauges stand with the first pool.
function ____exports.reportOf(sums, plan, now)
    local reports = __TS__ArrayMap(
        __TS__ObjectEntries(sums),
        function(____, ____bindingPattern0)
            local series
            local pool
            pool = ____bindingPattern0[1]
            series = ____bindingPattern0[2]
            return {
                pool = pool,
                report = __TS__New(
                    Meters,
                    __TS__ObjectAssign({}, series)
                )
            }
        end
    )
    __TS__ArraySort(
        reports,
        function(____, a, b) return a.pool < b.pool and -1 or 1 end
    )
    for ____, ____value in ipairs(reports) do
        local pool = ____value.pool
        local report = ____value.report
        report:count("trunkline_calls_waiting", {plan = plan}, now.waiting[pool] or 0)
    end
    local ____opt_2 = reports[1]
    local first = ____opt_2 and ____opt_2.report
    if first ~= nil then
        first:count("trunkline_calls_live", {plan = plan}, now.live)
    end
    if first ~= nil then
        first:count("trunkline_calls_cap", {plan = plan}, now.cap)
    end
    if first ~= nil then
        first:count("trunkline_queue_oldest_wait_seconds", {plan = plan}, now.oldestWaitMs / 1000)
    end
    if first ~= nil then
        first:count("trunkline_webhook_messages_waiting", {}, now.messages)
    end
    if first ~= nil then
        first:count("trunkline_webhook_oldest_wait_seconds", {}, now.oldestMessageMs / 1000)
    end
    return __TS__ObjectFromEntries(__TS__ArrayMap(
        reports,
        function(____, ____bindingPattern0)
            local report
            local pool
            pool = ____bindingPattern0.pool
            report = ____bindingPattern0.report
            return {pool, report.series}
        end
    ))
end
--- The record of a call whose broker was lost with all it knew.
function ____exports.lostRecord(model, liveMs, waitedMs)
    if waitedMs == nil then
        waitedMs = 0
    end
    local outcome = {
        by = "broker",
        why = "call_reset",
        code = 1006,
        reason = "",
        inReply = false
    }
    local nothing = {
        tokens = 0,
        microUsd = 0,
        timeMicroUsd = 0,
        replies = 0,
        tokensPerMinute = nil,
        cachedShare = nil,
        heldTokens = 0,
        settledTokens = 0,
        firstReplyTokens = nil,
        silentMs = nil,
        firstAudioMs = nil,
        peakContextTokens = 0,
        firstMinuteTokens = nil,
        overheadMs = 0,
        connectMs = nil
    }
    return __TS__ObjectAssign({model = model, outcome = outcome, waitedMs = waitedMs, liveMs = liveMs}, nothing)
end
--- A call that was reset has forgotten how long it waited; its desk has not.
function ____exports.lost(____bindingPattern0, now)
    local admitted
    local began
    local model
    model = ____bindingPattern0.model
    began = ____bindingPattern0.began
    admitted = ____bindingPattern0.admitted
    return ____exports.lostRecord(model, admitted == nil and 0 or now - admitted, (admitted or now) - began)
end
return ____exports
end)()

-- src/hook
modules["hook"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ArraySome = ____lualib.__TS__ArraySome
local ____exports = {}
--- It said 410 since it was switched on.
function ____exports.isGone(____bindingPattern0, state)
    local on_at
    on_at = ____bindingPattern0.on_at
    return state ~= nil and state.gone_at ~= nil and state.gone_at > on_at
end
function ____exports.isOn(____bindingPattern0)
    local state
    local hook
    hook = ____bindingPattern0.hook
    state = ____bindingPattern0.state
    return hook.enabled and not ____exports.isGone(hook, state)
end
function ____exports.wants(kept, ____type)
    local ____kept_hook_0 = kept.hook
    local events = ____kept_hook_0.events
    return ____exports.isOn(kept) and (events == nil or __TS__ArraySome(
        events,
        function(____, one) return one == ____type end
    ))
end
--- Those that sign now, the present one first.
function ____exports.secretsOf(____bindingPattern0, now)
    local old
    local secret
    secret = ____bindingPattern0.secret
    old = ____bindingPattern0.old
    return old ~= nil and old["until"] > now and ({secret, old.secret}) or ({secret})
end
--- 410 Gone: the receiver wants no more of it (Standard Webhooks).
function ____exports.stateAfter(____bindingPattern0, before, now)
    local ____error
    local status
    status = ____bindingPattern0.status
    ____error = ____bindingPattern0.error
    return {at = now, status = status, error = ____error, gone_at = status == 410 and now or (before and before.gone_at or nil)}
end
return ____exports
end)()

-- src/outbox
modules["outbox"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ArraySome = ____lualib.__TS__ArraySome
local ____exports = {}
local fail, nextOf, forgetAll, forget
local ____limits_2Ets = modules["limits"]
local hookRestsMs = ____limits_2Ets.hookRestsMs
local messageClaimMs = ____limits_2Ets.messageClaimMs
local messageRetriesMs = ____limits_2Ets.messageRetriesMs
local messageRetryJitter = ____limits_2Ets.messageRetryJitter
local messagesWaiting = ____limits_2Ets.messagesWaiting
local messageWaitMsMost = ____limits_2Ets.messageWaitMsMost
--- Of this hook it is done; whether no other has still to be told.
function ____exports.done(box, hook, message, hooks)
    forget(box, hook, message)
    if __TS__ArraySome(
        hooks,
        function(____, other) return box:due(other):get(message) ~= nil end
    ) then
        return false
    end
    box.waiting:delete(message)
    return true
end
function fail(box, hook, ____until, now)
    local before = box.failures:get(hook) or 0
    if before > 0 and box.rests:get(hook) ~= ____until then
        return
    end
    local rest = hookRestsMs[math.min(before, #hookRestsMs - 1) + 1]
    box.failures:set(hook, before + 1)
    box.rests:set(hook, now + rest)
end
function nextOf(box, hooks)
    local next
    for ____, hook in ipairs(hooks) do
        local due = box:due(hook)
        for ____, message in ipairs(due:first(1)) do
            local at = math.max(
                due:get(message),
                box.rests:get(hook) or 0
            )
            if next == nil or at < next.at then
                next = {hook = hook, message = message, at = at}
            end
        end
    end
    return next
end
function forgetAll(box, message, hooks)
    for ____, hook in ipairs(hooks) do
        forget(box, hook, message)
    end
end
function forget(box, hook, message)
    box:due(hook):delete(message)
    box:failed(hook):delete(message)
end
--- Puts a message in for those hooks, due now. Where too many wait the oldest go; returns those.
function ____exports.put(box, message, wanting, hooks, now)
    local dropped = {}
    while box.waiting:size() >= messagesWaiting do
        for ____, oldest in ipairs(box.waiting:first(1)) do
            forgetAll(box, oldest, hooks)
            box.waiting:delete(oldest)
            dropped[#dropped + 1] = oldest
        end
    end
    box.waiting:set(message, now)
    for ____, hook in ipairs(wanting) do
        box:due(hook):set(message, now)
    end
    return dropped
end
--- What has waited for too long is given up, however often it was tried; returns those messages.
function ____exports.expire(box, hooks, now)
    local late = box.waiting:purge(now - messageWaitMsMost)
    for ____, message in ipairs(late) do
        forgetAll(box, message, hooks)
    end
    return late
end
--- Takes what has been due for the longest time, of hooks that are not left alone.
function ____exports.claim(box, hooks, now)
    local next = nextOf(box, hooks)
    if next == nil then
        return {is = "none", at = nil}
    end
    local hook = next.hook
    local message = next.message
    local at = next.at
    if at > now then
        return {is = "none", at = at}
    end
    local ____until = now + messageClaimMs
    box:due(hook):set(message, ____until)
    if box.failures:get(hook) ~= nil then
        box.rests:set(hook, ____until)
    end
    return {is = "due", claim = {hook = hook, message = message, ["until"] = ____until}}
end
--- When the next message is due (ms); null while none waits.
function ____exports.nextAt(box, hooks)
    local ____opt_0 = nextOf(box, hooks)
    return ____opt_0 and ____opt_0.at or nil
end
--- `chance`: from 0 to 1.
function ____exports.settle(box, ____bindingPattern0, taken, hooks, chance, now)
    local ____until
    local message
    local hook
    hook = ____bindingPattern0.hook
    message = ____bindingPattern0.message
    ____until = ____bindingPattern0["until"]
    local at = box:due(hook):get(message)
    if at == nil then
        return "nothing"
    end
    if taken then
        box.failures:delete(hook)
        box.rests:delete(hook)
        ____exports.done(box, hook, message, hooks)
        return "delivered"
    end
    if at ~= ____until then
        return "nothing"
    end
    fail(box, hook, ____until, now)
    local failed = box:failed(hook):add(message, 1)
    local delay = messageRetriesMs[failed]
    local late = box.waiting:get(message) + messageWaitMsMost
    local next = delay == nil and late or now + math.floor(delay * (1 + messageRetryJitter * chance))
    if next >= late then
        ____exports.done(box, hook, message, hooks)
        return "gave_up"
    end
    box:due(hook):set(message, next)
    return "retried"
end
--- Nothing that waits is for this hook any more; returns the messages that waited for it alone.
function ____exports.drop(box, hook, hooks)
    local due = box:due(hook)
    local over = {}
    for ____, message in ipairs(due:first(due:size())) do
        if ____exports.done(box, hook, message, hooks) then
            over[#over + 1] = message
        end
    end
    for ____, roster in ipairs({box.failures, box.rests}) do
        roster:delete(hook)
    end
    return over
end
return ____exports
end)()

-- src/desk-rosters
modules["desk-rosters"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__ArraySlice = ____lualib.__TS__ArraySlice
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local ____exports = {}
local ____grant_2Ets = modules["grant"]
local held = ____grant_2Ets.held
local ____plan_2Ets = modules["plan"]
local agentCap = ____plan_2Ets.agentCap
local linesOf = ____plan_2Ets.linesOf
____exports.DeskRosters = __TS__Class()
local DeskRosters = ____exports.DeskRosters
DeskRosters.name = "DeskRosters"
function DeskRosters.prototype.____constructor(self, open)
    self._open = open
end
function DeskRosters.prototype.get(self, name)
    return self._open(name)
end
function DeskRosters.prototype.gate(self, tenant, key, agent, now)
    local queue, tickets = self:get("queue"), self:get("tickets")
    local quotas = self:_quotas(now)
    local places, memory = self:get("places"), self:get("memory")
    return {
        lines = self:lines(tenant, key, agent),
        quotas = quotas,
        queue = queue,
        tickets = tickets,
        places = places,
        memory = memory
    }
end
function DeskRosters.prototype.lines(self, tenant, key, agent)
    local lines = {{
        of = "tenant",
        leases = self:get("leases"),
        cap = linesOf(tenant)
    }}
    if key ~= nil and key.lines ~= nil then
        lines[#lines + 1] = {
            of = "key",
            leases = self:get("leases:" .. key.id),
            cap = key.lines
        }
    end
    local ____temp_0
    if agent == nil then
        ____temp_0 = nil
    else
        ____temp_0 = agentCap(tenant, agent)
    end
    local cap = ____temp_0
    if cap ~= nil then
        lines[#lines + 1] = {
            of = "agent",
            leases = self:get("leases:agent:" .. tostring(agent)),
            cap = cap
        }
    end
    return lines
end
function DeskRosters.prototype.pools(self)
    local pools = self:get("pools")
    return pools:first(pools:size())
end
function DeskRosters.prototype.quota(self, pool, now)
    local tokens, sessions = held(
        self:holding(),
        pool .. "/tokens",
        now
    ), held(
        self:holding(),
        pool .. "/sessions",
        now
    )
    return {
        loads = self:get("loads:" .. pool),
        wants = self:get("wants:" .. pool),
        tokens = tokens,
        sessions = sessions
    }
end
function DeskRosters.prototype.holding(self)
    local amounts, untils = self:get("grant:amounts"), self:get("grant:untils")
    return {
        amounts = amounts,
        untils = untils,
        versions = self:get("grant:versions"),
        asked = self:get("grant:asked")
    }
end
function DeskRosters.prototype._quotas(self, now)
    local ____temp_1 = self:pools()
    local first = ____temp_1[1]
    if first == nil then
        first = "none"
    end
    local more = __TS__ArraySlice(____temp_1, 1)
    return {
        self:quota(first, now),
        unpack(__TS__ArrayMap(
            more,
            function(____, pool) return self:quota(pool, now) end
        ))
    }
end
return ____exports
end)()

-- src/desk-outbox
modules["desk-outbox"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__ArrayFilter = ____lualib.__TS__ArrayFilter
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local ____exports = {}
local ____hook_2Ets = modules["hook"]
local secretsOf = ____hook_2Ets.secretsOf
local stateAfter = ____hook_2Ets.stateAfter
local wants = ____hook_2Ets.wants
local ____limits_2Ets = modules["limits"]
local keptMs = ____limits_2Ets.keptMs
local ____outbox_2Ets = modules["outbox"]
local claim = ____outbox_2Ets.claim
local done = ____outbox_2Ets.done
local drop = ____outbox_2Ets.drop
local expire = ____outbox_2Ets.expire
local nextAt = ____outbox_2Ets.nextAt
local put = ____outbox_2Ets.put
local settle = ____outbox_2Ets.settle
____exports.DeskOutbox = __TS__Class()
local DeskOutbox = ____exports.DeskOutbox
DeskOutbox.name = "DeskOutbox"
function DeskOutbox.prototype.____constructor(self, rosters, counts, ____bindingPattern0)
    local waits
    local messages
    local hooks
    hooks = ____bindingPattern0.hooks
    messages = ____bindingPattern0.messages
    waits = ____bindingPattern0.waits
    self._rosters = rosters
    self._hooks = hooks
    self._messages = messages
    self._counts = counts
    self._tell = waits
end
function DeskOutbox.prototype.put(self, ____bindingPattern0, now)
    local data
    local ____type
    local id
    id = ____bindingPattern0.id
    ____type = ____bindingPattern0.type
    data = ____bindingPattern0.data
    local hooks = self._hooks:list()
    local wanting = __TS__ArrayMap(
        __TS__ArrayFilter(
            hooks,
            function(____, kept) return wants(kept, ____type) end
        ),
        function(____, ____bindingPattern0)
            local hook
            hook = ____bindingPattern0.hook
            return hook.id
        end
    )
    if #wanting == 0 or not self._messages:put({id = id, type = ____type, at = now, data = data}) then
        return
    end
    self:_dropped(put(
        self:_box(),
        id,
        wanting,
        self:_ids(),
        now
    ))
    self._tell(0)
end
function DeskOutbox.prototype.ended(self, ____bindingPattern0, record, now)
    local agent
    local key
    local tenant
    local call
    call = ____bindingPattern0.call
    tenant = ____bindingPattern0.tenant
    key = ____bindingPattern0.key
    agent = ____bindingPattern0.agent
    local data = {
        tenant = tenant,
        call = call,
        key = key,
        agent = agent,
        model = record.model,
        outcome_by = record.outcome.by,
        outcome_why = record.outcome.why,
        waited_ms = record.waitedMs,
        live_ms = record.liveMs,
        tokens = record.tokens,
        micro_usd = record.microUsd
    }
    self:put({id = call .. "_ended", type = "call.ended", data = data}, now)
end
function DeskOutbox.prototype.next(self, now)
    self:_expire(now)
    do
        while true do
            local taken = claim(
                self:_box(),
                self:_ids(),
                now
            )
            if taken.is == "none" then
                local ____temp_0
                if taken.at == nil then
                    ____temp_0 = nil
                else
                    ____temp_0 = taken.at - now
                end
                return {is = "none", afterMs = ____temp_0}
            end
            local ____taken_claim_1 = taken.claim
            local hook = ____taken_claim_1.hook
            local id = ____taken_claim_1.message
            local kept, message = self._hooks:get(hook), self._messages:get(id)
            if kept ~= nil and message ~= nil then
                local more = nextAt(
                    self:_box(),
                    self:_ids()
                ) <= now
                local attempt = __TS__ObjectAssign({}, taken.claim, {url = kept.hook.url})
                return {
                    is = "due",
                    attempt = attempt,
                    secrets = secretsOf(kept.hook, now),
                    message = message,
                    more = more
                }
            end
            done(
                self:_box(),
                hook,
                id,
                self:_ids()
            )
        end
    end
end
function DeskOutbox.prototype.settle(self, attempt, outcome, chance, now)
    if self:note(attempt, outcome, now) then
        self._counts:delivery(
            self:_pool(),
            "disabled"
        )
        return
    end
    local settled = settle(
        self:_box(),
        attempt,
        outcome.error == nil,
        self:_ids(),
        chance,
        now
    )
    if settled ~= "nothing" then
        self._counts:delivery(
            self:_pool(),
            settled
        )
    end
    if self:_box().waiting:get(attempt.message) == nil then
        self._messages:done(attempt.message)
    end
end
function DeskOutbox.prototype.note(self, ____bindingPattern0, outcome, now)
    local url
    local hook
    hook = ____bindingPattern0.hook
    url = ____bindingPattern0.url
    local kept = self._hooks:get(hook)
    if (kept and kept.hook.url) ~= url then
        return false
    end
    self._hooks:note(
        hook,
        stateAfter(outcome, kept.state, now)
    )
    if outcome.status ~= 410 then
        return false
    end
    self:forsake(hook)
    return true
end
function DeskOutbox.prototype.forsake(self, hook)
    self:_over(drop(
        self:_box(),
        hook,
        self:_ids()
    ))
end
function DeskOutbox.prototype.sweep(self, now)
    self:_expire(now)
    self._messages:forget(now - keptMs)
    local at = nextAt(
        self:_box(),
        self:_ids()
    )
    if at ~= nil then
        self._tell(math.max(0, at - now))
    end
end
function DeskOutbox.prototype.standing(self, now)
    local ____temp_4 = self:_box()
    local waiting = ____temp_4.waiting
    local oldestMessageMs = 0
    for ____, oldest in ipairs(waiting:first(1)) do
        oldestMessageMs = math.max(
            0,
            now - waiting:get(oldest)
        )
    end
    return {
        messages = waiting:size(),
        oldestMessageMs = oldestMessageMs
    }
end
function DeskOutbox.prototype._expire(self, now)
    self:_dropped(expire(
        self:_box(),
        self:_ids(),
        now
    ))
end
function DeskOutbox.prototype._dropped(self, messages)
    self:_over(messages)
    self._counts:dropped(
        self:_pool(),
        #messages
    )
end
function DeskOutbox.prototype._over(self, messages)
    for ____, message in ipairs(messages) do
        self._messages:done(message)
    end
end
function DeskOutbox.prototype._ids(self)
    return __TS__ArrayMap(
        self._hooks:list(),
        function(____, ____bindingPattern0)
            local hook
            hook = ____bindingPattern0.hook
            return hook.id
        end
    )
end
function DeskOutbox.prototype._pool(self)
    local first = unpack(
        self._rosters:pools(),
        1,
        1
    )
    return first
end
function DeskOutbox.prototype._box(self)
    local rosters = self._rosters
    return {
        waiting = rosters:get("outbox"),
        due = function(____, hook) return rosters:get("outbox:due:" .. hook) end,
        failed = function(____, hook) return rosters:get("outbox:failed:" .. hook) end,
        failures = rosters:get("outbox:failures"),
        rests = rosters:get("outbox:rests")
    }
end
return ____exports
end)()

-- src/desk-holding
modules["desk-holding"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local __TS__ArrayFlatMap = ____lualib.__TS__ArrayFlatMap
local __TS__ArraySlice = ____lualib.__TS__ArraySlice
local ____exports = {}
function ____exports.holding(rosters, records)
    local leases, tickets = rosters:get("leases"), rosters:get("tickets")
    return __TS__ArrayFlatMap(
        records:openCalls(),
        function(____, call)
            local ____until = leases:get(call.id) or tickets:get(call.id)
            return ____until == nil and ({}) or ({__TS__ObjectAssign({}, call, {["until"] = ____until})})
        end
    )
end
--- Calls that came before their key or agent had a cap hold its lines from now on: the cap is in force at once (G8).
function ____exports.holdNarrow(rosters, registry, records, tenant)
    for ____, ____value in ipairs(____exports.holding(rosters, records)) do
        local id = ____value.id
        local key = ____value.key
        local agent = ____value.agent
        local ____until = ____value["until"]
        local ____temp_0 = rosters:lines(
            tenant,
            registry:key(key),
            agent
        )
        local narrow = __TS__ArraySlice(____temp_0, 1)
        for ____, ____value in ipairs(narrow) do
            local leases = ____value.leases
            leases:set(id, ____until)
        end
    end
end
return ____exports
end)()

-- src/desk-pages
modules["desk-pages"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local __TS__New = ____lualib.__TS__New
local __TS__ArrayFilter = ____lualib.__TS__ArrayFilter
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local ____exports = {}
local inside, CallAccounts
local ____budget_2Ets = modules["budget"]
local bounded = ____budget_2Ets.bounded
local windowNames = ____budget_2Ets.windowNames
local ____limits_2Ets = modules["limits"]
local pageKeptMs = ____limits_2Ets.pageKeptMs
local ____window_2Ets = modules["window"]
local windowsAt = ____window_2Ets.windowsAt
function inside(ends, from, ____until)
    return ends > from and ends <= ____until
end
____exports.DeskPages = __TS__Class()
local DeskPages = ____exports.DeskPages
DeskPages.name = "DeskPages"
function DeskPages.prototype.____constructor(self, rosters, registry)
    self._rosters = rosters
    self._registry = registry
end
function DeskPages.prototype.at(self, tenant, now)
    local zone, known = self._registry:zone(tenant, now), self._known
    local holds = known ~= nil and known.zone == zone and known.from <= now and now < known.windows[1].ends
    local windows = holds and known.windows or windowsAt(now, zone)
    if not holds then
        self._known = {zone = zone, from = now, windows = windows}
    end
    return __TS__ArrayMap(
        windows,
        function(____, window) return self:_page(window) end
    )
end
function DeskPages.prototype.ofCall(self, call, pages)
    local told = self._rosters:get("metered:" .. call)
    return __TS__ArrayMap(
        pages,
        function(____, ____bindingPattern0)
            local window
            window = ____bindingPattern0.window
            return {
                window = window,
                used = __TS__New(CallAccounts, told, window)
            }
        end
    )
end
function DeskPages.prototype.opened(self, pages)
    for ____, ____value in ipairs(pages) do
        local window = ____value.window
        local windows = self._rosters:get("windows:" .. window.name)
        if windows:get(window.id) ~= window.ends then
            windows:set(window.id, window.ends)
        end
    end
end
function DeskPages.prototype.between(self, name, from, ____until)
    local windows = self._rosters:get("windows:" .. name)
    local ids = __TS__ArrayFilter(
        windows:first(windows:size()),
        function(____, id) return inside(
            windows:get(id) or 0,
            from,
            ____until
        ) end
    )
    return __TS__ArrayMap(
        ids,
        function(____, id) return self:_page({
            name = name,
            id = id,
            ends = windows:get(id) or 0
        }) end
    )
end
function DeskPages.prototype.forgetOld(self, now)
    for ____, name in ipairs(windowNames) do
        for ____, id in ipairs(self._rosters:get("windows:" .. name):purge(now - pageKeptMs[name])) do
            for ____, part in ipairs({"used", "told", "cells", "split"}) do
                self._rosters:get((part .. ":") .. id):purge(100000000000000)
            end
        end
    end
end
function DeskPages.prototype._page(self, window)
    local page = {
        window = window,
        used = self._rosters:get("used:" .. window.id),
        told = self._rosters:get("told:" .. window.id)
    }
    if window.name == "month" then
        return page
    end
    local cells, split = self._rosters:get("cells:" .. window.id), self._rosters:get("split:" .. window.id)
    return __TS__ObjectAssign({}, page, {apart = {cells = cells, split = split}})
end
--- What a call has used in a window, in a roster of all that it has told; what it used in an earlier one is gone.
CallAccounts = __TS__Class()
CallAccounts.name = "CallAccounts"
function CallAccounts.prototype.____constructor(self, told, window)
    self._told = told
    self._window = window
    self._end = "ends/" .. window.name
end
function CallAccounts.prototype.get(self, account)
    local ____table__isOpen_result_0
    if self:_isOpen() then
        ____table__isOpen_result_0 = self._told:get(self:_name(account))
    else
        ____table__isOpen_result_0 = nil
    end
    return ____table__isOpen_result_0
end
function CallAccounts.prototype.add(self, account, amount)
    if not self:_isOpen() then
        self:_open()
    end
    return self._told:add(
        self:_name(account),
        amount
    )
end
function CallAccounts.prototype._isOpen(self)
    return self._told:get(self._end) == self._window.ends
end
function CallAccounts.prototype._open(self)
    for ____, ____value in ipairs(bounded) do
        local account = ____value.account
        self._told:delete(self:_name(account))
    end
    self._told:set(self._end, self._window.ends)
end
function CallAccounts.prototype._name(self, account)
    return (self._window.name .. "/") .. account
end
return ____exports
end)()

-- src/desk-ledger
modules["desk-ledger"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__ArrayFilter = ____lualib.__TS__ArrayFilter
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local __TS__ObjectRest = ____lualib.__TS__ObjectRest
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local __TS__ObjectEntries = ____lualib.__TS__ObjectEntries
local __TS__ObjectFromEntries = ____lualib.__TS__ObjectFromEntries
local ____exports = {}
local only
local ____budget_2Ets = modules["budget"]
local bounded = ____budget_2Ets.bounded
local ____ledger_2Ets = modules["ledger"]
local balances = ____ledger_2Ets.balances
local isNew = ____ledger_2Ets.isNew
local post = ____ledger_2Ets.post
local tokensOf = ____ledger_2Ets.tokensOf
local withTotals = ____ledger_2Ets.withTotals
local ____limits_2Ets = modules["limits"]
local firstMinuteCalls = ____limits_2Ets.firstMinuteCalls
local firstMinuteTokens = ____limits_2Ets.firstMinuteTokens
local firstReply = ____limits_2Ets.firstReply
local heartbeatMs = ____limits_2Ets.heartbeatMs
local ____mean_2Ets = modules["mean"]
local learn = ____mean_2Ets.learn
local learned = ____mean_2Ets.learned
local ____queue_2Dnotice_2Ets = modules["queue-notice"]
local etaMs = ____queue_2Dnotice_2Ets.etaMs
function only(amounts)
    return __TS__ObjectFromEntries(__TS__ArrayMap(
        bounded,
        function(____, ____bindingPattern0)
            local account
            account = ____bindingPattern0.account
            return {account, amounts[account] or 0}
        end
    ))
end
--- Accounts of the ledger that are shown.
____exports.accounts = {
    "calls",
    "live_ms",
    "replies",
    "tokens",
    "input",
    "output",
    "input_text",
    "input_audio",
    "input_image",
    "input_unknown",
    "cached_text",
    "cached_audio",
    "cached_image",
    "cached_unknown",
    "output_text",
    "output_audio",
    "output_image",
    "output_unknown",
    "tts_characters",
    "transcribed_ms",
    "micro_usd",
    "unpriced",
    "unreported",
    "partial",
    "odd",
    "lost"
}
____exports.DeskLedger = __TS__Class()
local DeskLedger = ____exports.DeskLedger
DeskLedger.name = "DeskLedger"
function DeskLedger.prototype.____constructor(self, rosters, pages)
    self._rosters = rosters
    self._pages = pages
end
function DeskLedger.prototype.debit(self, ref, entries, tenant, now)
    local debited = self._rosters:get("debited:" .. ref.call)
    local fresh = __TS__ArrayFilter(
        entries,
        function(____, entry) return isNew(debited, entry) end
    )
    for ____, ____value in ipairs(fresh) do
        local model = ____value.model
        local amounts = ____value.amounts
        self:_post(
            ref.call,
            amounts,
            __TS__ObjectAssign({}, ref, {model = model}),
            tenant,
            now
        )
        self:_note(
            ref.call,
            {
                tokens = tokensOf(amounts),
                cost = amounts.micro_usd or 0,
                replies = amounts.replies or 0
            }
        )
    end
    return fresh
end
function DeskLedger.prototype.metered(self, ____bindingPattern0, metered, tenant, now)
    local cell
    local call
    call = ____bindingPattern0.call
    cell = __TS__ObjectRest(____bindingPattern0, {call = true})
    local ____temp_0 = metered or ({live_ms = 0, micro_usd = 0})
    local live_ms = ____temp_0.live_ms
    local micro_usd = ____temp_0.micro_usd
    local more = {
        live_ms = self:_more("metered:" .. call, "live_ms", live_ms),
        micro_usd = self:_more("metered:" .. call, "micro_usd", micro_usd)
    }
    if more.live_ms + more.micro_usd > 0 then
        self:_post(
            call,
            __TS__ObjectAssign({}, more),
            cell,
            tenant,
            now
        )
    end
    self:_note(call, {cost = more.micro_usd})
    self._rosters:get("metered:" .. call):set("heard", now)
    return more
end
function DeskLedger.prototype.soFar(self, call, now)
    local told = self._rosters:get("metered:" .. call)
    local function of(account)
        return told:get(account) or 0
    end
    local heard = told:get("heard")
    local ____temp_1
    if heard == nil then
        ____temp_1 = nil
    else
        ____temp_1 = math.max(0, now - heard)
    end
    local since = ____temp_1
    local ____temp_2
    if since == nil then
        ____temp_2 = nil
    else
        ____temp_2 = math.min(heartbeatMs, since)
    end
    local silentMs = ____temp_2
    local goneMs = (since or 0) - (silentMs or 0)
    local tokens, microUsd, timeMicroUsd, replies = of("tokens"), of("cost"), of("micro_usd"), of("replies")
    return {
        tokens = tokens,
        microUsd = microUsd,
        timeMicroUsd = timeMicroUsd,
        replies = replies,
        silentMs = silentMs,
        goneMs = goneMs
    }
end
function DeskLedger.prototype.ended(self, ____bindingPattern0, record, tenant, now)
    local cell
    local call
    call = ____bindingPattern0.call
    cell = __TS__ObjectRest(____bindingPattern0, {call = true})
    local ____record_3 = record
    local liveMs = ____record_3.liveMs
    local firstMinuteTokens = ____record_3.firstMinuteTokens
    local firstReplyTokens = ____record_3.firstReplyTokens
    local lost = record.outcome.why == "call_reset" and 1 or 0
    self:_post(
        call,
        {calls = 1, lost = lost},
        cell,
        tenant,
        now
    )
    for ____, name in ipairs({"debited", "metered"}) do
        self._rosters:get((name .. ":") .. call):purge(100000000000000)
    end
    if liveMs > 0 then
        learn(
            self._rosters:get("talk"),
            liveMs
        )
    end
    if liveMs > 0 and firstMinuteTokens ~= nil then
        learn(
            self._rosters:get("minute"),
            firstMinuteTokens
        )
    end
    if firstReplyTokens ~= nil then
        learn(
            self._rosters:get("reply"),
            firstReplyTokens
        )
    end
end
function DeskLedger.prototype.newcomerLoad(self)
    local ____learned_result_4 = learned(self._rosters:get("minute"))
    local mean = ____learned_result_4.mean
    local calls = ____learned_result_4.calls
    return calls >= firstMinuteCalls and math.max(1, mean) or firstMinuteTokens
end
function DeskLedger.prototype.newcomerHold(self)
    local ____learned_result_5 = learned(self._rosters:get("reply"))
    local mean = ____learned_result_5.mean
    local calls = ____learned_result_5.calls
    local share = calls >= firstMinuteCalls and mean / (firstReply.input + firstReply.output) or 1
    local ____firstReply_6 = firstReply
    local input = ____firstReply_6.input
    local output = ____firstReply_6.output
    local micro_usd = ____firstReply_6.micro_usd
    local function part(amount)
        return math.max(
            1,
            math.floor(amount * share + 0.5)
        )
    end
    return {
        input = part(input),
        output = part(output),
        micro_usd = part(micro_usd)
    }
end
function DeskLedger.prototype.usage(self, tenant, now)
    local hour, day, month = unpack(
        __TS__ArrayMap(
            self._pages:at(tenant, now),
            function(____, ____bindingPattern0)
                local used
                used = ____bindingPattern0.used
                return balances(used, ____exports.accounts)
            end
        ),
        1,
        3
    )
    return {hour = hour, day = day, month = month}
end
function DeskLedger.prototype.etaMs(self, place, lines)
    local ____learned_result_7 = learned(self._rosters:get("talk"))
    local mean = ____learned_result_7.mean
    local calls = ____learned_result_7.calls
    return etaMs(place + 1, lines, mean, calls)
end
function DeskLedger.prototype._post(self, call, amounts, cell, tenant, now)
    local pages, all = self._pages:at(tenant, now), withTotals(amounts)
    self._pages:opened(pages)
    post(pages, all, cell)
    post(
        self._pages:ofCall(call, pages),
        only(all),
        cell
    )
end
function DeskLedger.prototype._note(self, call, amounts)
    local told = self._rosters:get("metered:" .. call)
    for ____, ____value in ipairs(__TS__ObjectEntries(amounts)) do
        local account = ____value[1]
        local amount = ____value[2]
        if amount > 0 then
            told:add(account, amount)
        end
    end
end
function DeskLedger.prototype._more(self, roster, account, total)
    local so = self._rosters:get(roster)
    local before = so:get(account) or 0
    if total > before then
        so:set(account, total)
    end
    return math.max(0, total - before)
end
return ____exports
end)()

-- src/desk-usage
modules["desk-usage"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__ArraySlice = ____lualib.__TS__ArraySlice
local __TS__New = ____lualib.__TS__New
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local read, namesIn, Sums
local ____limits_2Ets = modules["limits"]
local usageEntriesMost = ____limits_2Ets.usageEntriesMost
local ____window_2Ets = modules["window"]
local spansOf = ____window_2Ets.spansOf
function read(____bindingPattern0, byCell, sums)
    local apart
    local used
    used = ____bindingPattern0.used
    apart = ____bindingPattern0.apart
    if not byCell or apart == nil then
        local accounts = namesIn(used)
        for ____, account in ipairs(accounts) do
            sums:add(
                "",
                account,
                used:get(account) or 0
            )
        end
        return #accounts
    end
    local cells = {}
    for ____, cell in ipairs(namesIn(apart.cells)) do
        cells[tostring(apart.cells:get(cell) or 0)] = cell
    end
    local names = namesIn(apart.split)
    for ____, name in ipairs(names) do
        local slash = (string.find(name, "/", nil, true) or 0) - 1
        sums:add(
            cells[__TS__StringSlice(name, 0, slash)] or "",
            __TS__StringSlice(name, slash + 1),
            apart.split:get(name) or 0
        )
    end
    return #names
end
function namesIn(roster)
    return roster:first(roster:size())
end
____exports.DeskUsage = __TS__Class()
local DeskUsage = ____exports.DeskUsage
DeskUsage.name = "DeskUsage"
function DeskUsage.prototype.____constructor(self, registry, pages)
    self._registry = registry
    self._pages = pages
end
function DeskUsage.prototype.reading(self, ____bindingPattern0, now)
    local apart
    local last
    local most
    local ____until
    local from
    local of
    of = ____bindingPattern0.of
    from = ____bindingPattern0.from
    ____until = ____bindingPattern0["until"]
    most = ____bindingPattern0.most
    last = ____bindingPattern0.last
    apart = ____bindingPattern0.apart
    local tenant = self._registry:tenant()
    if tenant == nil then
        return nil
    end
    local timezone = tenant.timezone
    local all = spansOf(
        of,
        from,
        ____until,
        last and math.huge or most + 1,
        self._registry:zone(tenant, now)
    )
    local spans = last and __TS__ArraySlice(all, -most) or all
    local ____self_6 = self._pages
    local ____self_6_between_7 = ____self_6.between
    local ____of_4 = of
    local ____opt_0 = spans[1]
    local ____temp_5 = ____opt_0 and ____opt_0.starts or from
    local ____opt_2 = spans[#spans]
    local pages = ____self_6_between_7(____self_6, ____of_4, ____temp_5, ____opt_2 and ____opt_2.ends or from)
    local buckets = {}
    local entries, at = 0, 0
    for ____, ____value in ipairs(spans) do
        local starts = ____value.starts
        local ends = ____value.ends
        if #buckets == most or entries >= usageEntriesMost then
            return {now = now, timezone = timezone, buckets = buckets, next = starts}
        end
        local sums = __TS__New(Sums)
        do
            local page = pages[at + 1]
            while page ~= nil and page.window.ends <= ends do
                entries = entries + read(page, apart, sums)
                at = at + 1
                page = pages[at + 1]
            end
        end
        buckets[#buckets + 1] = {starts = starts, ends = ends, parts = sums.parts}
    end
    return {now = now, timezone = timezone, buckets = buckets}
end
--- Cell and account → what comes to them, in the order in which cells came.
Sums = __TS__Class()
Sums.name = "Sums"
function Sums.prototype.____constructor(self)
    self.parts = {}
    self._at = {}
end
function Sums.prototype.add(self, cell, account, amount)
    local amounts = self._at[cell]
    if amounts == nil then
        amounts = {}
        self._at[cell] = amounts
        local ____self_parts_8 = self.parts
        ____self_parts_8[#____self_parts_8 + 1] = {cell = cell, amounts = amounts}
    end
    amounts[account] = (amounts[account] or 0) + amount
end
return ____exports
end)()

-- src/desk-budget
modules["desk-budget"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local __TS__SparseArrayNew = ____lualib.__TS__SparseArrayNew
local __TS__SparseArrayPush = ____lualib.__TS__SparseArrayPush
local __TS__SparseArraySpread = ____lualib.__TS__SparseArraySpread
local __TS__ArrayFilter = ____lualib.__TS__ArrayFilter
local __TS__ArrayFlatMap = ____lualib.__TS__ArrayFlatMap
local ____exports = {}
local mostMicroUsd, alertOf, readingOf, exhausted, ofCallExhausted
local ____budget_2Ets = modules["budget"]
local named = ____budget_2Ets.named
local unitsOf = ____budget_2Ets.unitsOf
local ____calendar_2Ets = modules["calendar"]
local isoOf = ____calendar_2Ets.isoOf
local ____held_2Ets = modules["held"]
local heldOf = ____held_2Ets.heldOf
local hold = ____held_2Ets.hold
local holdOn = ____held_2Ets.holdOn
local lapse = ____held_2Ets.lapse
local letGo = ____held_2Ets.letGo
local partOf = ____held_2Ets.partOf
local ____limits_2Ets = modules["limits"]
local burnMs = ____limits_2Ets.burnMs
local burnStepMs = ____limits_2Ets.burnStepMs
local leaseTtlMs = ____limits_2Ets.leaseTtlMs
local ____meter_2Ets = modules["meter"]
local note = ____meter_2Ets.note
local taken = ____meter_2Ets.taken
local ____plan_2Ets = modules["plan"]
local callLimits = ____plan_2Ets.callLimits
local plans = ____plan_2Ets.plans
local shadowLimits = ____plan_2Ets.shadowLimits
local tenantLimits = ____plan_2Ets.tenantLimits
local ____threshold_2Ets = modules["threshold"]
local pageOf = ____threshold_2Ets.pageOf
local reached = ____threshold_2Ets.reached
local roomIn = ____threshold_2Ets.roomIn
local spent = ____threshold_2Ets.spent
local ____trial_2Ets = modules["trial"]
local trialOf = ____trial_2Ets.trialOf
function mostMicroUsd(____bindingPattern0)
    local plan
    plan = ____bindingPattern0.plan
    return (plans[plan].suspendUsdPerHour or math.huge) * 1000000
end
function alertOf(____bindingPattern0, shadow)
    local ends
    local used
    local amount
    local account
    local window
    local level
    level = ____bindingPattern0.level
    window = ____bindingPattern0.window
    account = ____bindingPattern0.account
    amount = ____bindingPattern0.amount
    used = ____bindingPattern0.used
    ends = ____bindingPattern0.ends
    return {
        is = "budget",
        shadow = shadow,
        level = level,
        window = window,
        account = account,
        amount = amount,
        used = used,
        ends = ends
    }
end
function readingOf(limit, pages, held, now, shadow)
    if shadow == nil then
        shadow = false
    end
    local page = pageOf(pages, limit)
    local ____limit_5 = limit
    local window = ____limit_5.window
    local account = ____limit_5.account
    local amount = ____limit_5.amount
    local used, kept = page and page.used:get(account) or 0, heldOf(held, account, now)
    local left = math.max(0, amount - used - kept)
    return {
        window = window,
        account = account,
        amount = amount,
        used = used,
        held = kept,
        left = left,
        ends = page and page.window.ends or now,
        shadow = shadow
    }
end
function exhausted(____bindingPattern0, now)
    local ends
    local limit
    limit = ____bindingPattern0.limit
    ends = ____bindingPattern0.ends
    local ____limit_10 = limit
    local window = ____limit_10.window
    local account = ____limit_10.account
    local amount, what = limit.amount / unitsOf(limit), named(limit)
    return {
        why = "budget_exhausted",
        details = {
            amount = amount,
            what = what,
            window = window,
            ends = isoOf(ends)
        },
        retryAfterMs = ends - now,
        budget = {
            window = window,
            account = account,
            amount = limit.amount,
            left = 0,
            ends = ends
        }
    }
end
function ofCallExhausted(limit)
    local amount, what = limit.amount / unitsOf(limit), named(limit)
    return {why = "call_budget_exhausted", details = {amount = amount, what = what, window = limit.window}}
end
____exports.DeskBudget = __TS__Class()
local DeskBudget = ____exports.DeskBudget
DeskBudget.name = "DeskBudget"
function DeskBudget.prototype.____constructor(self, rosters, pages)
    self._rosters = rosters
    self._pages = pages
end
function DeskBudget.prototype.reached(self, tenant, now)
    local pages = self._pages:at(tenant, now)
    local own = __TS__ArrayMap(
        reached(
            pages,
            tenantLimits(tenant)
        ),
        function(____, one) return alertOf(one, false) end
    )
    local tried = __TS__ArrayMap(
        reached(
            pages,
            shadowLimits(tenant),
            "shadow:"
        ),
        function(____, one) return alertOf(one, true) end
    )
    local ____array_0 = __TS__SparseArrayNew(unpack(own))
    __TS__SparseArrayPush(
        ____array_0,
        unpack(tried)
    )
    local alerts = {__TS__SparseArraySpread(____array_0)}
    if #alerts > 0 then
        self._pages:opened(pages)
    end
    return alerts
end
function DeskBudget.prototype.burn(self, tenant, microUsd, now)
    if microUsd > 0 and mostMicroUsd(tenant) < math.huge then
        note(
            self:_burn(),
            microUsd,
            now
        )
    end
end
function DeskBudget.prototype.burnt(self, tenant, now)
    local most = mostMicroUsd(tenant)
    if most == math.huge then
        return {}
    end
    local micro_usd_per_hour = math.floor(taken(
        self:_burn(),
        now
    ) * 3600000 / burnMs + 0.5)
    if micro_usd_per_hour <= most or self:suspendedAt() ~= nil then
        return {}
    end
    self._rosters:get("state"):set("suspended", now)
    return {{is = "suspended", micro_usd_per_hour = micro_usd_per_hour, most = most}}
end
function DeskBudget.prototype.suspendedAt(self)
    return self._rosters:get("state"):get("suspended")
end
function DeskBudget.prototype.resume(self)
    if self:suspendedAt() == nil then
        return false
    end
    self._rosters:get("state"):delete("suspended")
    local ____temp_1 = self:_burn()
    local amounts = ____temp_1.amounts
    local slots = ____temp_1.slots
    for ____, roster in ipairs({amounts, slots}) do
        roster:purge(100000000000000)
    end
    return true
end
function DeskBudget.prototype.refusal(self, tenant, now)
    local since = self:suspendedAt()
    if since ~= nil then
        return {
            why = "tenant_suspended",
            details = {since = isoOf(since)}
        }
    end
    local trial = trialOf(tenant)
    if trial ~= nil and trial.ends <= now then
        return {why = "trial_ended", details = {days = trial.days}}
    end
    local gone = spent(
        self._pages:at(tenant, now),
        tenantLimits(tenant)
    )
    return gone and exhausted(gone, now)
end
function DeskBudget.prototype.ending(self, calls, tenant, now)
    local live = __TS__ArrayFilter(
        calls,
        function(____, ____bindingPattern0)
            local admitted
            admitted = ____bindingPattern0.admitted
            return admitted ~= nil
        end
    )
    return __TS__ArrayFlatMap(
        live,
        function(____, ____bindingPattern0)
            local call
            call = ____bindingPattern0.id
            local refusal = self:refusalOf(call, tenant, now)
            return refusal == nil and ({}) or ({{call = call, refusal = refusal}})
        end
    )
end
function DeskBudget.prototype.refusalOf(self, call, tenant, now)
    local refusal = self:refusal(tenant, now)
    local limits = callLimits(tenant)
    if refusal ~= nil or #limits == 0 then
        return refusal
    end
    local gone = spent(
        self._pages:ofCall(
            call,
            self._pages:at(tenant, now)
        ),
        limits
    )
    return gone and ofCallExhausted(gone.limit)
end
function DeskBudget.prototype.seats(self, tenant, asked, now)
    local refusal = self:refusal(tenant, now)
    if refusal ~= nil then
        return {free = 0, refusal = refusal}
    end
    local pages, held = self._pages:at(tenant, now), self:_held()
    local ____roomIn_result_2 = roomIn(
        pages,
        tenantLimits(tenant),
        function(____bindingPattern0)
            local account
            account = ____bindingPattern0.account
            return heldOf(held, account, now)
        end,
        function(____bindingPattern0)
            local account
            account = ____bindingPattern0.account
            return partOf(asked, account)
        end
    )
    local free = ____roomIn_result_2.seats
    local limit = ____roomIn_result_2.limit
    if limit == nil then
        return {free = free, refusal = nil}
    end
    local ____readingOf_result_3 = readingOf(limit, pages, held, now)
    local window = ____readingOf_result_3.window
    local account = ____readingOf_result_3.account
    local amount = ____readingOf_result_3.amount
    local left = ____readingOf_result_3.left
    local ends = ____readingOf_result_3.ends
    local budget = {
        window = window,
        account = account,
        amount = amount,
        left = left,
        ends = ends
    }
    return {
        free = free,
        refusal = {
            why = "budget_held",
            details = {
                what = named(limit),
                window = window
            },
            budget = budget
        }
    }
end
function DeskBudget.prototype.hold(self, call, estimate, now)
    hold(
        self:_held(),
        call,
        estimate,
        now + leaseTtlMs
    )
end
function DeskBudget.prototype.holdOn(self, call, now)
    holdOn(
        self:_held(),
        call,
        now + leaseTtlMs
    )
end
function DeskBudget.prototype.letGo(self, call)
    letGo(
        self:_held(),
        call
    )
end
function DeskBudget.prototype.sweep(self, now)
    lapse(
        self:_held(),
        now
    )
end
function DeskBudget.prototype.reading(self, tenant, now)
    local pages, held = self._pages:at(tenant, now), self:_held()
    local ____array_4 = __TS__SparseArrayNew(unpack(__TS__ArrayMap(
        tenantLimits(tenant),
        function(____, limit) return readingOf(limit, pages, held, now) end
    )))
    __TS__SparseArrayPush(
        ____array_4,
        unpack(__TS__ArrayMap(
            shadowLimits(tenant),
            function(____, limit) return readingOf(
                limit,
                pages,
                held,
                now,
                true
            ) end
        ))
    )
    return {__TS__SparseArraySpread(____array_4)}
end
function DeskBudget.prototype._held(self)
    local input, output = self._rosters:get("held:input"), self._rosters:get("held:output")
    return {
        input = input,
        output = output,
        micro_usd = self._rosters:get("held:micro_usd"),
        untils = self._rosters:get("held:untils")
    }
end
function DeskBudget.prototype._burn(self)
    local amounts, slots = self._rosters:get("burn"), self._rosters:get("burn:slots")
    return {amounts = amounts, slots = slots, stepMs = burnStepMs, forMs = burnMs}
end
return ____exports
end)()

-- src/pool
modules["pool"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ArrayFilter = ____lualib.__TS__ArrayFilter
local Set = ____lualib.Set
local __TS__New = ____lualib.__TS__New
local __TS__Spread = ____lualib.__TS__Spread
local __TS__ArrayFlatMap = ____lualib.__TS__ArrayFlatMap
local __TS__SparseArrayNew = ____lualib.__TS__SparseArrayNew
local __TS__SparseArrayPush = ____lualib.__TS__SparseArrayPush
local __TS__SparseArraySpread = ____lualib.__TS__SparseArraySpread
local __TS__ArrayEvery = ____lualib.__TS__ArrayEvery
local __TS__Iterator = ____lualib.__TS__Iterator
local ____exports = {}
local fill, next, first, slack, room, give, anew, sweep, forget, step, perWeight
--- The desk has spoken since: what an ask says that comes so late is not true any more.
function ____exports.overtaken(pool, desk, number)
    return number < (pool.asks:get(desk) or 0)
end
function ____exports.granted(pool, desk)
    return {
        amount = pool.grants:get(desk) or 0,
        version = pool.versions:get(desk) or 0
    }
end
function fill(pool, ceiling)
    local risen = __TS__New(Set)
    do
        while true do
            local desk = next(pool, ceiling)
            if desk == nil then
                return {__TS__Spread(risen)}
            end
            give(
                pool,
                desk,
                (pool.grants:get(desk) or 0) + step(pool, desk)
            )
            risen:add(desk)
        end
    end
end
function next(pool, ceiling)
    local firsts = __TS__ArrayFlatMap(
        pool.tiers,
        function(____, tier) return first(pool, tier, ceiling) end
    )
    local owed = __TS__ArrayFilter(
        pool.owed:first(pool.owed:size()),
        function(____, desk) return room(
            pool,
            desk,
            step(pool, desk),
            ceiling
        ) end
    )
    local best
    local least = math.huge
    local ____array_0 = __TS__SparseArrayNew(unpack(firsts))
    __TS__SparseArrayPush(
        ____array_0,
        unpack(owed)
    )
    for ____, desk in ipairs({__TS__SparseArraySpread(____array_0)}) do
        local share = perWeight(pool, desk)
        if share < least then
            best, least = desk, share
        end
    end
    return best
end
function first(pool, ____bindingPattern0, ceiling)
    local threshold
    local hungry
    hungry = ____bindingPattern0.hungry
    threshold = ____bindingPattern0.threshold
    do
        local n = 1
        while true do
            local firsts = hungry:first(n)
            for ____, desk in ipairs(firsts) do
                local more = step(pool, desk)
                if room(pool, desk, more, ceiling) then
                    return {desk}
                end
                if more <= ceiling * threshold - pool.floors:sum() then
                    return {}
                end
            end
            if #firsts < n then
                return {}
            end
            n = n * 2
        end
    end
end
function slack(pool, desk, ask, ceiling)
    local amount = pool.grants:get(desk) or 0
    local nobodyHungry = __TS__ArrayEvery(
        pool.tiers,
        function(____, ____bindingPattern0)
            local hungry
            hungry = ____bindingPattern0.hungry
            return hungry:size() == 0
        end
    )
    if nobodyHungry and room(pool, desk, ask.block, ceiling) then
        give(pool, desk, amount + ask.block)
    end
end
function room(pool, desk, more, ceiling)
    local ____opt_1 = pool.tiers[(pool.ranks:get(desk) or 0) + 1]
    local threshold = ____opt_1 and ____opt_1.threshold or 0
    local own = pool.kept:get(desk) or 0
    local taken = pool.grants:sum() + pool.kept:sum() - own + more
    return taken <= ceiling * (more <= own and math.max(1, threshold) or threshold)
end
function give(pool, desk, amount)
    pool.grants:set(desk, amount)
    local unmet = (pool.floors:get(desk) or 0) - amount
    if unmet > 0 then
        pool.kept:set(desk, unmet)
    else
        pool.kept:delete(desk)
    end
    local ____opt_3 = pool.tiers[(pool.ranks:get(desk) or 0) + 1]
    local hungry = ____opt_3 and ____opt_3.hungry
    local share = perWeight(pool, desk)
    local lacks = amount < (pool.wants:get(desk) or 0)
    if lacks then
        if hungry ~= nil then
            hungry:set(desk, share)
        end
    else
        if hungry ~= nil then
            hungry:delete(desk)
        end
    end
    if lacks and unmet > 0 then
        pool.owed:set(desk, share)
    else
        pool.owed:delete(desk)
    end
end
function anew(pool, desks, now)
    for ____, desk in __TS__Iterator(__TS__New(Set, desks)) do
        pool.versions:set(
            desk,
            math.max(
                now,
                (pool.versions:get(desk) or 0) + 1
            )
        )
    end
end
function sweep(pool, now)
    for ____, late in ipairs(pool.untils:purge(now)) do
        forget(pool, late)
    end
end
--- Desks that hold more than they want.
function ____exports.slacking(____bindingPattern0)
    local slack
    slack = ____bindingPattern0.slack
    return slack:first(slack:size())
end
function forget(pool, desk)
    pool.untils:delete(desk)
    pool.has:delete(desk)
    pool.wants:delete(desk)
    pool.slack:delete(desk)
    give(pool, desk, 0)
    pool.grants:delete(desk)
end
function step(pool, desk)
    local lacking = (pool.wants:get(desk) or 0) - (pool.grants:get(desk) or 0)
    return math.min(
        math.max(
            1,
            pool.blocks:get(desk) or 1
        ),
        lacking
    )
end
function perWeight(pool, desk)
    return (pool.grants:get(desk) or 0) / (pool.weights:get(desk) or 1)
end
____exports.units = {"tokens", "sessions"}
--- A desk says what it has and wants, gives back what it does not use, and capacity goes where it is wanted: one call's load at a time to
-- the hungry desk with the least per weight (progressive filling, which is weighted max-min fairness), in the tiers whose threshold is
-- not reached.
function ____exports.share(pool, desk, ask, t)
    sweep(pool, t.now)
    if ____exports.overtaken(pool, desk, ask.number) then
        return {
            grant = ____exports.granted(pool, desk),
            risen = {},
            idle = {}
        }
    end
    pool.asks:set(desk, ask.number)
    pool.has:set(desk, ask.has)
    pool.wants:set(desk, ask.wants)
    pool.blocks:set(desk, ask.block)
    pool.weights:set(desk, ask.weight)
    pool.ranks:set(desk, ask.tier)
    pool.untils:set(desk, t.now + t.ttlMs)
    for ____, ____value in ipairs(pool.tiers) do
        local hungry = ____value.hungry
        hungry:delete(desk)
    end
    give(pool, desk, ask.has)
    local risen = t.learning and ({}) or fill(pool, t.ceiling)
    if not t.learning and ask.busy then
        slack(pool, desk, ask, t.ceiling)
    end
    local amount = pool.grants:get(desk) or 0
    if amount > ask.wants then
        pool.slack:set(desk, amount)
    else
        pool.slack:delete(desk)
    end
    anew(
        pool,
        {
            desk,
            unpack(risen)
        },
        t.now
    )
    if ask.wants == 0 and not ask.busy then
        forget(pool, desk)
    end
    local grant = ____exports.granted(pool, desk)
    local idle = grant.amount < ask.wants and ____exports.slacking(pool) or ({})
    return {
        grant = grant,
        risen = __TS__ArrayFilter(
            risen,
            function(____, other) return other ~= desk end
        ),
        idle = idle
    }
end
--- The ceiling, a threshold or a floor has changed: gives out what there is now, and returns the desks that got some.
function ____exports.refill(pool, t)
    sweep(pool, t.now)
    local risen = t.learning and ({}) or fill(pool, t.ceiling)
    anew(pool, risen, t.now)
    return risen
end
--- Reserves a floor for a desk, whether it was heard or not: an operator's word. 0 lifts it.
function ____exports.reserve(pool, desk, floor)
    pool.floors:set(desk, floor)
    local amount = pool.grants:get(desk)
    if amount ~= nil then
        give(pool, desk, amount)
    elseif floor > 0 then
        pool.kept:set(desk, floor)
    else
        pool.kept:delete(desk)
    end
end
function ____exports.read(pool, now)
    sweep(pool, now)
    return {
        has = pool.has:sum(),
        wants = pool.wants:sum(),
        granted = pool.grants:sum(),
        kept = pool.kept:sum(),
        desks = pool.grants:size()
    }
end
return ____exports
end)()

-- src/desk-pools
modules["desk-pools"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local ____exports = {}
local ____grant_2Ets = modules["grant"]
local ask = ____grant_2Ets.ask
local take = ____grant_2Ets.take
local unanswered = ____grant_2Ets.unanswered
local ____limits_2Ets = modules["limits"]
local shareTimeoutMs = ____limits_2Ets.shareTimeoutMs
local ____pool_2Ets = modules["pool"]
local units = ____pool_2Ets.units
____exports.DeskPools = __TS__Class()
local DeskPools = ____exports.DeskPools
DeskPools.name = "DeskPools"
function DeskPools.prototype.____constructor(self, rosters, shared)
    self._rosters = rosters
    self._shared = shared
end
function DeskPools.prototype.enter(self, pool)
    self._rosters:get("pools"):set(pool, 1)
end
function DeskPools.prototype.ask(self, pool, needs, now)
    local holding, again, numbers = self._rosters:holding(), self._rosters:get("again"), self._rosters:get("asks")
    if self._shared and (holding.asked:get(pool .. "/tokens") or 0) > now then
        again:set(pool, 1)
        return nil
    end
    again:delete(pool)
    for ____, unit in ipairs(units) do
        ask(holding, (pool .. "/") .. unit, needs[unit].has, {now = now, answerMs = shareTimeoutMs})
    end
    local number = math.max(
        now,
        (numbers:get(pool) or 0) + 1
    )
    numbers:set(pool, number)
    return number
end
function DeskPools.prototype.take(self, pool, grant, as, now)
    local holding, again = self._rosters:holding(), self._rosters:get("again")
    local askedAt = math.min(
        now,
        self._rosters:get("asks"):get(pool) or now
    )
    for ____, unit in ipairs(units) do
        if grant == nil then
            unanswered(holding, (pool .. "/") .. unit)
        else
            take(
                holding,
                (pool .. "/") .. unit,
                grant[unit],
                as,
                {now = now, ["until"] = askedAt + grant.ttlMs}
            )
        end
    end
    if grant == nil then
        return false
    end
    self._rosters:get("epochs"):set(pool, grant.epoch)
    return as == "answer" and again:get(pool) ~= nil
end
function DeskPools.prototype.came(self, pool)
    self._rosters:get("came"):set(pool, 1)
end
function DeskPools.prototype.busy(self, pool, calls)
    if calls > 0 then
        return true
    end
    local came = self._rosters:get("came")
    local busy = came:get(pool) ~= nil
    came:delete(pool)
    return busy
end
function DeskPools.prototype.epoch(self, pool)
    return self._rosters:get("epochs"):get(pool) or nil
end
function DeskPools.prototype.debited(self, pool, more)
    if more == nil then
        more = 0
    end
    local debited = self._rosters:get("debited")
    return more == 0 and (debited:get(pool) or 0) or debited:add(pool, more)
end
return ____exports
end)()

-- src/desk-books
modules["desk-books"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__New = ____lualib.__TS__New
local __TS__SparseArrayNew = ____lualib.__TS__SparseArrayNew
local __TS__SparseArrayPush = ____lualib.__TS__SparseArrayPush
local __TS__SparseArraySpread = ____lualib.__TS__SparseArraySpread
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local ____exports = {}
local messageOf
local ____budget_2Ets = modules["budget"]
local useOf = ____budget_2Ets.useOf
local ____desk_2Dbudget_2Ets = modules["desk-budget"]
local DeskBudget = ____desk_2Dbudget_2Ets.DeskBudget
local ____desk_2Dledger_2Ets = modules["desk-ledger"]
local DeskLedger = ____desk_2Dledger_2Ets.DeskLedger
local ____desk_2Dpages_2Ets = modules["desk-pages"]
local DeskPages = ____desk_2Dpages_2Ets.DeskPages
local ____ledger_2Ets = modules["ledger"]
local tokensOf = ____ledger_2Ets.tokensOf
local ____plan_2Ets = modules["plan"]
local linesOf = ____plan_2Ets.linesOf
function messageOf(alert, tenant, now)
    if alert.is == "suspended" then
        local data = {tenant = tenant, reason = "burn_rate", usd_per_hour = alert.micro_usd_per_hour / 1000000}
        return {
            id = (tenant .. "_suspended_") .. tostring(now),
            type = "tenant.suspended",
            data = data
        }
    end
    local ____alert_2 = alert
    local level = ____alert_2.level
    local window = ____alert_2.window
    local account = ____alert_2.account
    local amount = ____alert_2.amount
    local used = ____alert_2.used
    local ends = ____alert_2.ends
    local shadow = ____alert_2.shadow
    local whose = shadow and "shadow" or "own"
    local data = __TS__ObjectAssign(
        {tenant = tenant},
        useOf(alert, used, ends),
        {shadow = shadow}
    )
    local percent = level == "warning" and "080" or "100"
    return {
        id = (((((((((((tenant .. "_") .. whose) .. "_") .. account) .. "_") .. tostring(amount)) .. "_") .. window) .. "_") .. tostring(ends)) .. "_") .. percent,
        type = "budget." .. level,
        data = data
    }
end
____exports.DeskBooks = __TS__Class()
local DeskBooks = ____exports.DeskBooks
DeskBooks.name = "DeskBooks"
function DeskBooks.prototype.____constructor(self, rosters, homes, counts, pools, outbox)
    local ____homes_0 = homes
    local registry = ____homes_0.registry
    local audit = ____homes_0.audit
    self.pages = __TS__New(DeskPages, rosters, registry)
    self.ledger = __TS__New(DeskLedger, rosters, self.pages)
    self.budget = __TS__New(DeskBudget, rosters, self.pages)
    self._rosters = rosters
    self._counts = counts
    self._audit = audit
    self._pools = pools
    self._outbox = outbox
end
function DeskBooks.prototype.heard(self, ref, entries, ____bindingPattern0, tenant, now)
    local hold
    local metered
    metered = ____bindingPattern0.metered
    hold = ____bindingPattern0.hold
    local waiting = self:_waiting(tenant)
    local before = waiting > 0 and self:seats(tenant, now).free or 0
    self:_debit(
        ref,
        entries,
        metered,
        tenant,
        now
    )
    if hold ~= nil then
        self.budget:hold(ref.call, hold, now)
    else
        self.budget:holdOn(ref.call, now)
    end
    local alerts = self:alerts(tenant, now, ref.pool)
    local refusal = self.budget:refusalOf(ref.call, tenant, now)
    local waits = waiting > before and self:seats(tenant, now).free > before
    return {renewal = refusal == nil and ({is = "kept"}) or ({is = "withdrawn", refusal = refusal}), alerts = alerts, waits = waits}
end
function DeskBooks.prototype.seats(self, tenant, now)
    return self.budget:seats(
        tenant,
        self.ledger:newcomerHold(),
        now
    )
end
function DeskBooks.prototype.ended(self, ref, entries, record, tenant, now)
    self:_debit(
        ref,
        entries,
        {live_ms = record.liveMs, micro_usd = record.timeMicroUsd},
        tenant,
        now
    )
end
function DeskBooks.prototype.alerts(self, tenant, now, pool)
    if pool == nil then
        pool = self._rosters:pools()[1] or "none"
    end
    local ____array_1 = __TS__SparseArrayNew(unpack(self:_burnt(tenant, now)))
    __TS__SparseArrayPush(
        ____array_1,
        unpack(self.budget:reached(tenant, now))
    )
    local alerts = {__TS__SparseArraySpread(____array_1)}
    for ____, alert in ipairs(alerts) do
        self._counts:alerted(pool, tenant.plan, alert)
        self._outbox:put(
            messageOf(alert, tenant.id, now),
            now
        )
    end
    return alerts
end
function DeskBooks.prototype.resume(self, tenant, now)
    if not self.budget:resume() then
        return false
    end
    self._audit:add({who = "operator", what = "tenant.resumed"}, now)
    local data = {tenant = tenant.id, reason = "operator"}
    self._outbox:put(
        {
            id = (tenant.id .. "_resumed_") .. tostring(now),
            type = "tenant.resumed",
            data = data
        },
        now
    )
    return true
end
function DeskBooks.prototype.sweep(self, now)
    self.pages:forgetOld(now)
    self.budget:sweep(now)
end
function DeskBooks.prototype._waiting(self, tenant)
    local leases, queue = self._rosters:get("leases"), self._rosters:get("queue")
    return leases:size() < linesOf(tenant) and queue:size() or 0
end
function DeskBooks.prototype._debit(self, ref, entries, metered, tenant, now)
    local more = self.ledger:metered(ref, metered, tenant, now)
    self._counts:metered(ref.pool, tenant.plan, more)
    local microUsd = more.micro_usd
    for ____, entry in ipairs(self.ledger:debit(ref, entries, tenant, now)) do
        self._counts:debited(ref.pool, tenant.plan, entry)
        self._pools:debited(
            ref.pool,
            tokensOf(entry.amounts)
        )
        microUsd = microUsd + (entry.amounts.micro_usd or 0)
    end
    self.budget:burn(tenant, microUsd, now)
end
function DeskBooks.prototype._burnt(self, tenant, now)
    local alerts = self.budget:burnt(tenant, now)
    for ____, alert in ipairs(alerts) do
        do
            local __continue19
            repeat
                if alert.is ~= "suspended" then
                    __continue19 = true
                    break
                end
                local figures = {micro_usd_per_hour = alert.micro_usd_per_hour, most = alert.most}
                self._audit:add({who = "broker", what = "tenant.suspended", figures = figures}, now)
                __continue19 = true
            until true
            if not __continue19 then
                break
            end
        end
    end
    return alerts
end
function ____exports.withdrawn(refusal)
    return {renewal = {is = "withdrawn", refusal = refusal}, alerts = {}, waits = false}
end
return ____exports
end)()

-- src/desk-ends
modules["desk-ends"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__ObjectRest = ____lualib.__TS__ObjectRest
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local Set = ____lualib.Set
local __TS__SparseArrayNew = ____lualib.__TS__SparseArrayNew
local __TS__SparseArrayPush = ____lualib.__TS__SparseArrayPush
local __TS__SparseArraySpread = ____lualib.__TS__SparseArraySpread
local __TS__New = ____lualib.__TS__New
local ____exports = {}
local namesIn
local ____desk_2Dcounts_2Ets = modules["desk-counts"]
local lost = ____desk_2Dcounts_2Ets.lost
local ____limits_2Ets = modules["limits"]
local lostAfterMs = ____limits_2Ets.lostAfterMs
function namesIn(roster)
    return roster:first(roster:size())
end
--- Who calls is not kept: one that is lost is not remembered.
function ____exports.refOf(____bindingPattern0, tenant)
    local pool
    local model
    local agent
    local key
    local call
    call = ____bindingPattern0.id
    key = ____bindingPattern0.key
    agent = ____bindingPattern0.agent
    model = ____bindingPattern0.model
    pool = ____bindingPattern0.pool
    return {
        call = call,
        tenant = tenant.id,
        key = key,
        agent = agent,
        caller = nil,
        model = model,
        pool = pool
    }
end
____exports.DeskEnds = __TS__Class()
local DeskEnds = ____exports.DeskEnds
DeskEnds.name = "DeskEnds"
function DeskEnds.prototype.____constructor(self, rosters, records, counts, books, outbox)
    self._rosters = rosters
    self._records = records
    self._counts = counts
    self._books = books
    self._outbox = outbox
end
DeskEnds.prototype["end"] = function(self, ref, entries, told, tenant, now)
    local record = self:_known(ref.call, told, now)
    self._books:ended(
        ref,
        entries,
        record,
        tenant,
        now
    )
    self:_close(ref, tenant, record, now)
end
function DeskEnds.prototype._known(self, call, told, now)
    local entered = self._records:get(call)
    if told.outcome.why ~= "call_reset" or entered == nil then
        return told
    end
    local ____temp_0 = {
        lost(entered, now),
        self._books.ledger:soFar(call, now)
    }
    local record = ____temp_0[1]
    local goneMs = ____temp_0[2].goneMs
    local so = __TS__ObjectRest(____temp_0[2], {goneMs = true})
    return __TS__ObjectAssign(
        {},
        record,
        so,
        {liveMs = math.max(0, record.liveMs - goneMs)}
    )
end
function DeskEnds.prototype._close(self, ref, tenant, record, now)
    local entered = self._records:get(ref.call)
    if not self._records:close(ref.call, now, record) then
        return
    end
    if entered ~= nil and entered.admitted == nil then
        self._counts:unserved(ref.pool, tenant.plan, record)
    end
    for ____, name in ipairs({"missing", "removed"}) do
        self._rosters:get(name):delete(ref.call)
    end
    self._books.ledger:ended(ref, record, tenant, now)
    self._counts:ended(ref.pool, tenant.plan, record)
    self._outbox:ended(ref, record, now)
end
function DeskEnds.prototype.closeLost(self, tenant, now)
    local missing = self._rosters:get("missing")
    local ____Set_2 = Set
    local ____array_1 = __TS__SparseArrayNew(unpack(namesIn(self._rosters:get("leases"))))
    __TS__SparseArrayPush(
        ____array_1,
        unpack(namesIn(self._rosters:get("queue")))
    )
    local here = __TS__New(
        ____Set_2,
        {__TS__SparseArraySpread(____array_1)}
    )
    for ____, id in ipairs(namesIn(missing)) do
        if here:has(id) then
            missing:delete(id)
        end
    end
    for ____, id in ipairs(self._records:openIds()) do
        do
            local __continue15
            repeat
                if here:has(id) then
                    __continue15 = true
                    break
                end
                local since = missing:get(id)
                local ____temp_3
                if since ~= nil and now - since >= lostAfterMs then
                    ____temp_3 = self._records:get(id)
                else
                    ____temp_3 = nil
                end
                local call = ____temp_3
                if since == nil then
                    missing:set(id, now)
                elseif call ~= nil then
                    self["end"](
                        self,
                        ____exports.refOf(call, tenant),
                        {},
                        lost(call, now),
                        tenant,
                        now
                    )
                end
                __continue15 = true
            until true
            if not __continue15 then
                break
            end
        end
    end
end
return ____exports
end)()

-- src/desk-queue
modules["desk-queue"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local __TS__ArrayFlatMap = ____lualib.__TS__ArrayFlatMap
local ____exports = {}
local ____calendar_2Ets = modules["calendar"]
local isoOf = ____calendar_2Ets.isoOf
local ____gate_2Ets = modules["gate"]
local read = ____gate_2Ets.read
local release = ____gate_2Ets.release
local shortage = ____gate_2Ets.shortage
local turning = ____gate_2Ets.turning
local ____plan_2Ets = modules["plan"]
local linesOf = ____plan_2Ets.linesOf
local roomOf = ____plan_2Ets.roomOf
____exports.DeskQueue = __TS__Class()
local DeskQueue = ____exports.DeskQueue
DeskQueue.name = "DeskQueue"
function DeskQueue.prototype.____constructor(self, rosters, registry, records, books, ticks, transact)
    self._rosters = rosters
    self._registry = registry
    self._records = records
    self._books = books
    self._ticks = ticks
    self._transact = transact
end
function DeskQueue.prototype.reading(self, now)
    local tenant = self._registry:tenant()
    if tenant == nil then
        return nil
    end
    local lines, seats = self:lines(tenant, now), self._books:seats(tenant, now).free
    local data = __TS__ArrayMap(
        self:waiting(tenant, now),
        function(____, kept, place)
            local ____kept_0 = kept
            local call = ____kept_0.id
            local key = ____kept_0.key
            local agent = ____kept_0.agent
            local model = ____kept_0.model
            local began = ____kept_0.began
            local desk = self._rosters:gate(tenant, nil, nil, now)
            local short = self:_short(
                desk,
                kept,
                place,
                seats,
                now
            )
            local eta_ms = self._books.ledger:etaMs(
                place,
                turning(desk, short)
            )
            local since = isoOf(began)
            return {
                call = call,
                position = place + 1,
                waited_ms = now - began,
                since = since,
                eta_ms = eta_ms,
                short = short,
                key = key,
                agent = agent,
                model = model
            }
        end
    )
    local as_of = isoOf(now)
    local ____temp_1
    if #data == 0 then
        ____temp_1 = nil
    else
        ____temp_1 = math.max(unpack(__TS__ArrayMap(
            data,
            function(____, ____bindingPattern0)
                local waited_ms
                waited_ms = ____bindingPattern0.waited_ms
                return waited_ms
            end
        )))
    end
    local oldest_wait_ms = ____temp_1
    return {
        as_of = as_of,
        lines = lines,
        room = roomOf(tenant),
        oldest_wait_ms = oldest_wait_ms,
        data = data
    }
end
function DeskQueue.prototype.etaMs(self, tenant, kept, place, seats, now)
    local desk = self._rosters:gate(tenant, nil, nil, now)
    return self._books.ledger:etaMs(
        place,
        turning(
            desk,
            self:_short(
                desk,
                kept,
                place,
                seats,
                now
            )
        )
    )
end
function DeskQueue.prototype.lines(self, tenant, now)
    local ____read_result_2 = read(
        self._rosters:gate(tenant, nil, nil, now),
        now
    )
    local live = ____read_result_2.live
    local waiting = ____read_result_2.waiting
    local over = ____read_result_2.over
    return {
        live = live,
        waiting = waiting,
        cap = linesOf(tenant),
        over = over
    }
end
function DeskQueue.prototype.waiting(self, tenant, now)
    local queue = self._rosters:get("queue")
    self:lines(tenant, now)
    return __TS__ArrayFlatMap(
        queue:first(queue:size()),
        function(____, call) return self._records:get(call) or ({}) end
    )
end
function DeskQueue.prototype.oldestWaitMs(self, tenant, now)
    return math.max(
        0,
        unpack(__TS__ArrayMap(
            self:waiting(tenant, now),
            function(____, ____bindingPattern0)
                local began
                began = ____bindingPattern0.began
                return now - began
            end
        ))
    )
end
function DeskQueue.prototype.remove(self, call, now)
    return self._transact(function()
        local tenant, kept = self._registry:tenant(), self._records:get(call)
        if tenant == nil or kept == nil or kept.ended ~= nil then
            return {
                why = "thing_unknown",
                details = {
                    kind = "call",
                    id = string.sub(call, 1, 60)
                }
            }
        end
        local gate = self._rosters:gate(
            tenant,
            self._registry:key(kept.key),
            kept.agent,
            now
        )
        read(gate, now)
        local place = gate.queue:rank(call)
        if place == nil and kept.admitted == nil then
            return {why = "caller_left", details = {call = call}}
        end
        if place == nil then
            return {why = "caller_through", details = {call = call}}
        end
        release(gate, call, now)
        local ____opt_3 = self._ticks
        if ____opt_3 ~= nil then
            ____opt_3:gaveUp(call, place, now)
        end
        self._rosters:get("removed"):set(call, now)
        return {call = call, position = place + 1, waited_ms = now - kept.began}
    end)
end
function DeskQueue.prototype.isRemoved(self, call)
    return self._rosters:get("removed"):get(call) ~= nil
end
function DeskQueue.prototype._short(self, desk, ____bindingPattern0, place, seats, now)
    local pool
    local call
    call = ____bindingPattern0.id
    pool = ____bindingPattern0.pool
    local quota = self._rosters:quota(pool, now)
    return shortage(
        desk,
        {
            call = call,
            quota = quota,
            load = quota.wants:get(call) or 0
        },
        place,
        seats
    )
end
return ____exports
end)()

-- src/desk-admission
modules["desk-admission"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local __TS__ArrayFind = ____lualib.__TS__ArrayFind
local ____exports = {}
local ____gate_2Ets = modules["gate"]
local admit = ____gate_2Ets.admit
local release = ____gate_2Ets.release
local turning = ____gate_2Ets.turning
local ____offer_2Dcheck_2Ets = modules["offer-check"]
local offerProblem = ____offer_2Dcheck_2Ets.offerProblem
local ____plan_2Ets = modules["plan"]
local callTerms = ____plan_2Ets.callTerms
local patienceMs = ____plan_2Ets.patienceMs
local roomOf = ____plan_2Ets.roomOf
local shadowLines = ____plan_2Ets.shadowLines
____exports.DeskAdmission = __TS__Class()
local DeskAdmission = ____exports.DeskAdmission
DeskAdmission.name = "DeskAdmission"
function DeskAdmission.prototype.____constructor(self, parts)
    self._parts = parts
end
function DeskAdmission.prototype.decide(self, offer, now, first)
    local ____self__parts_0 = self._parts
    local registry = ____self__parts_0.registry
    local records = ____self__parts_0.records
    local queue = ____self__parts_0.queue
    local counts = ____self__parts_0.counts
    local rosters = ____self__parts_0.rosters
    local books = ____self__parts_0.books
    local tenant = registry:tenant()
    local key = tenant and registry:keyByHash(offer.keyHash)
    if tenant == nil or key == nil then
        return {is = "refused", refusal = {why = "key_unknown"}}
    end
    local known = records:get(offer.call)
    if known ~= nil and known.ended ~= nil then
        return {is = "refused", refusal = {why = "call_reset"}}
    end
    if queue:isRemoved(offer.call) then
        return {is = "refused", refusal = {why = "removed_from_queue"}}
    end
    local seats = books:seats(tenant, now)
    local barred = self:_barred(
        offer,
        tenant,
        key,
        known,
        seats,
        now
    )
    if barred ~= nil and known == nil then
        release(
            rosters:gate(tenant, key, offer.agent, now),
            offer.call,
            now
        )
        books.budget:letGo(offer.call)
    end
    local admission = barred or self:_decide(
        offer,
        tenant,
        key,
        seats,
        now,
        known == nil and first or admit
    )
    if admission == nil then
        return nil
    end
    if known == nil then
        counts:offered(offer.pool, tenant.plan)
    end
    if known == nil and admission.is == "granted" then
        self:_tried(offer, tenant)
    end
    if admission.is == "granted" or admission.is == "queued" then
        self:_enter(
            offer,
            tenant,
            key,
            admission.is,
            now
        )
    elseif known == nil then
        counts:turnedAway(offer.pool, tenant.plan, admission)
    end
    return admission
end
function DeskAdmission.prototype.barred(self, offer, now)
    local ____self__parts_1 = self._parts
    local registry = ____self__parts_1.registry
    local books = ____self__parts_1.books
    local tenant = registry:tenant()
    local key = tenant and registry:keyByHash(offer.keyHash)
    if tenant == nil or key == nil then
        return {why = "key_unknown"}
    end
    local barred = self:_barred(
        offer,
        tenant,
        key,
        nil,
        books:seats(tenant, now),
        now
    )
    return barred ~= nil and barred.refusal ~= nil and barred.refusal or nil
end
function DeskAdmission.prototype._barred(self, offer, tenant, key, known, ____bindingPattern0, now)
    local refusal
    local free
    free = ____bindingPattern0.free
    refusal = ____bindingPattern0.refusal
    local problem = offerProblem(offer, tenant, key, now)
    if problem ~= nil then
        return {is = "refused", refusal = problem}
    end
    if known ~= nil and known.admitted ~= nil then
        return nil
    end
    if refusal == nil or free > 0 then
        return nil
    end
    local inside = known ~= nil or self._parts.rosters:get("leases"):get(offer.call) ~= nil
    if refusal.why == "budget_held" and inside then
        return nil
    end
    if tenant.overflow == "hold" and known == nil then
        return {
            is = "full",
            terms = callTerms(tenant, key),
            refusal = refusal
        }
    end
    return {is = "refused", refusal = refusal, beforeUpgrade = tenant.overflow == "upgrade"}
end
function DeskAdmission.prototype._decide(self, offer, tenant, key, seats, now, rule)
    local ____self__parts_2 = self._parts
    local pools = ____self__parts_2.pools
    local rosters = ____self__parts_2.rosters
    local books = ____self__parts_2.books
    local terms = ____self__parts_2.terms
    pools:enter(offer.pool)
    local ____temp_3 = {
        tenant,
        roomOf(tenant)
    }
    local overflow = ____temp_3[1].overflow
    local room = ____temp_3[2]
    local ____offer_4 = offer
    local call = ____offer_4.call
    local caller = ____offer_4.caller
    local desk = rosters:gate(tenant, key, offer.agent, now)
    local ask = __TS__ObjectAssign(
        {
            call = call,
            quota = rosters:quota(offer.pool, now),
            load = books.ledger:newcomerLoad(),
            headStartMs = key.headStartSeconds * 1000
        },
        caller ~= nil and ({caller = caller})
    )
    local verdict = rule(
        desk,
        ask,
        terms(now, room, seats.free)
    )
    if verdict == nil then
        return nil
    end
    if verdict.is == "granted" then
        return {
            is = "granted",
            terms = callTerms(tenant, key)
        }
    end
    if verdict.is == "queued" then
        local place = verdict.place
        local short = verdict.short
        local etaMs = books.ledger:etaMs(
            place,
            turning(desk, short)
        )
        return {
            is = "queued",
            terms = callTerms(tenant, key),
            place = place,
            short = short,
            etaMs = etaMs
        }
    end
    if verdict.of == "room" and overflow == "hold" then
        return {
            is = "full",
            terms = callTerms(tenant, key),
            refusal = {why = "queue_full", details = {room = room}}
        }
    end
    local beforeUpgrade = overflow == "upgrade"
    if verdict.short == "budget" and seats.refusal ~= nil then
        return {is = "refused", refusal = seats.refusal, beforeUpgrade = beforeUpgrade}
    end
    if verdict.short ~= "lines" then
        return {is = "refused", refusal = {why = "quota_short"}, beforeUpgrade = beforeUpgrade}
    end
    local scope = verdict.of == "room" and "tenant" or verdict.of
    local cap = (__TS__ArrayFind(
        desk.lines,
        function(____, lines) return lines.of == scope end
    ) or desk.lines[1]).cap
    return {is = "refused", refusal = {why = "lines_full", details = {scope = scope, cap = cap}}, beforeUpgrade = beforeUpgrade}
end
function DeskAdmission.prototype._tried(self, ____bindingPattern0, tenant)
    local pool
    pool = ____bindingPattern0.pool
    local cap = shadowLines(tenant)
    local ____self__parts_5 = self._parts
    local rosters = ____self__parts_5.rosters
    local counts = ____self__parts_5.counts
    if cap ~= nil and rosters:get("leases"):size() > cap then
        counts:wouldWait(pool, tenant.plan)
    end
end
function DeskAdmission.prototype._enter(self, offer, tenant, key, is, now)
    local ____offer_6 = offer
    local id = ____offer_6.call
    local agent = ____offer_6.agent
    local model = ____offer_6.model
    local pool = ____offer_6.pool
    local ____self__parts_7 = self._parts
    local records = ____self__parts_7.records
    local ticks = ____self__parts_7.ticks
    records:open({
        id = id,
        key = key.id,
        agent = agent,
        model = model,
        pool = pool,
        began = now,
        admitted = nil
    })
    if is == "queued" then
        return ticks and ticks:joined(
            id,
            patienceMs(tenant),
            now
        )
    end
    self:seated(id, tenant.plan, now)
    if ticks ~= nil then
        ticks:left(id)
    end
end
function DeskAdmission.prototype.seated(self, call, plan, now)
    local ____self__parts_12 = self._parts
    local records = ____self__parts_12.records
    local counts = ____self__parts_12.counts
    local pools = ____self__parts_12.pools
    local books = ____self__parts_12.books
    local entered = records:admit(call, now)
    local comes = entered ~= nil or records:get(call) == nil
    if comes then
        books.budget:hold(
            call,
            books.ledger:newcomerHold(),
            now
        )
    end
    if entered == nil then
        return
    end
    pools:came(entered.pool)
    counts:admitted(entered.pool, plan, now - entered.began)
end
return ____exports
end)()

-- src/tenant-desk
modules["tenant-desk"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__New = ____lualib.__TS__New
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local __TS__ObjectKeys = ____lualib.__TS__ObjectKeys
local ____exports = {}
local ____desk_2Dadmission_2Ets = modules["desk-admission"]
local DeskAdmission = ____desk_2Dadmission_2Ets.DeskAdmission
local ____desk_2Dcounts_2Ets = modules["desk-counts"]
local DeskCounts = ____desk_2Dcounts_2Ets.DeskCounts
local lost = ____desk_2Dcounts_2Ets.lost
local reportOf = ____desk_2Dcounts_2Ets.reportOf
local ____desk_2Dholding_2Ets = modules["desk-holding"]
local holdNarrow = ____desk_2Dholding_2Ets.holdNarrow
local ____desk_2Dbooks_2Ets = modules["desk-books"]
local DeskBooks = ____desk_2Dbooks_2Ets.DeskBooks
local withdrawn = ____desk_2Dbooks_2Ets.withdrawn
local ____desk_2Dends_2Ets = modules["desk-ends"]
local DeskEnds = ____desk_2Dends_2Ets.DeskEnds
local refOf = ____desk_2Dends_2Ets.refOf
local ____desk_2Doutbox_2Ets = modules["desk-outbox"]
local DeskOutbox = ____desk_2Doutbox_2Ets.DeskOutbox
local ____desk_2Dpools_2Ets = modules["desk-pools"]
local DeskPools = ____desk_2Dpools_2Ets.DeskPools
local ____desk_2Dqueue_2Ets = modules["desk-queue"]
local DeskQueue = ____desk_2Dqueue_2Ets.DeskQueue
local ____desk_2Drosters_2Ets = modules["desk-rosters"]
local DeskRosters = ____desk_2Drosters_2Ets.DeskRosters
local ____desk_2Dusage_2Ets = modules["desk-usage"]
local DeskUsage = ____desk_2Dusage_2Ets.DeskUsage
local ____gate_2Ets = modules["gate"]
local advance = ____gate_2Ets.advance
local conclude = ____gate_2Ets.conclude
local consider = ____gate_2Ets.consider
local needs = ____gate_2Ets.needs
local read = ____gate_2Ets.read
local release = ____gate_2Ets.release
local renew = ____gate_2Ets.renew
local ____limits_2Ets = modules["limits"]
local auditKeptMs = ____limits_2Ets.auditKeptMs
local keptMs = ____limits_2Ets.keptMs
local leaseTtlMs = ____limits_2Ets.leaseTtlMs
local ____plan_2Ets = modules["plan"]
local callLimits = ____plan_2Ets.callLimits
local keyValid = ____plan_2Ets.keyValid
____exports.TenantDesk = __TS__Class()
local TenantDesk = ____exports.TenantDesk
TenantDesk.name = "TenantDesk"
function TenantDesk.prototype.____constructor(self, homes)
    local ____homes_0 = homes
    local registry = ____homes_0.registry
    local records = ____homes_0.records
    local ticks = ____homes_0.ticks
    local transact = ____homes_0.transact
    self._homes = homes
    self._registry = registry
    self._records = records
    self.rosters = __TS__New(DeskRosters, homes.rosters)
    self.counts = __TS__New(DeskCounts, homes.counts)
    self.outbox = __TS__New(DeskOutbox, self.rosters, self.counts, homes)
    self._pools = __TS__New(DeskPools, self.rosters, homes.shared)
    self.books = __TS__New(
        DeskBooks,
        self.rosters,
        homes,
        self.counts,
        self._pools,
        self.outbox
    )
    self.usage = __TS__New(DeskUsage, registry, self.books.pages)
    self._ends = __TS__New(
        DeskEnds,
        self.rosters,
        records,
        self.counts,
        self.books,
        self.outbox
    )
    self.queue = __TS__New(
        DeskQueue,
        self.rosters,
        registry,
        records,
        self.books,
        ticks,
        transact
    )
    local rosters = self.rosters
    local counts = self.counts
    local queue = self.queue
    local own = {books = self.books, pools = self._pools, ticks = ticks}
    local function terms(now, room, seats)
        return self:_terms(now, room, seats)
    end
    self._admission = __TS__New(
        DeskAdmission,
        __TS__ObjectAssign({
            rosters = rosters,
            registry = registry,
            records = records,
            counts = counts,
            queue = queue,
            terms = terms
        }, own)
    )
end
function TenantDesk.prototype.admit(self, offer, now)
    return self._homes.transact(function() return self._admission:decide(offer, now, conclude) end)
end
function TenantDesk.prototype.consider(self, offer, now)
    return self._homes.transact(function() return self._admission:decide(offer, now, consider) end)
end
function TenantDesk.prototype.decision(self, admission, pool, now)
    return {
        admission = admission,
        lacks = (admission and admission.is) == "granted" and self:lacks(pool, now)
    }
end
function TenantDesk.prototype.barred(self, offer, now)
    return self._homes.transact(function() return self._admission:barred(offer, now) end)
end
function TenantDesk.prototype.advance(self, now)
    return self._homes.transact(function()
        local tenant = self._registry:tenant()
        if tenant == nil then
            return {}
        end
        local ____temp_3 = self.books:seats(tenant, now)
        local free = ____temp_3.free
        local seated = advance(
            self.rosters:gate(tenant, nil, nil, now),
            self:_terms(now, 0, free)
        )
        for ____, call in ipairs(seated) do
            self._admission:seated(call, tenant.plan, now)
            local ____opt_4 = self._homes.ticks
            if ____opt_4 ~= nil then
                ____opt_4:seated(call, now)
            end
        end
        if #seated > 0 then
            local ____opt_6 = self._homes.ticks
            if ____opt_6 ~= nil then
                ____opt_6:forward(0, now)
            end
        end
        return seated
    end)
end
function TenantDesk.prototype.leave(self, ref, now)
    return self._homes.transact(function()
        local tenant = self._registry:tenant()
        return tenant ~= nil and self:_release(ref, tenant, now)
    end)
end
function TenantDesk.prototype.renew(self, ref, load, progress, now)
    return self._homes.transact(function()
        local key = self._registry:key(ref.key)
        if key == nil or not keyValid(key, now) then
            return withdrawn({why = "key_withdrawn"})
        end
        if self._records:isClosed(ref.call) then
            return withdrawn({why = "call_reset"})
        end
        local tenant = self._registry:tenant()
        if tenant == nil then
            return {renewal = {is = "kept"}, alerts = {}, waits = false}
        end
        self._pools:enter(ref.pool)
        local quota = self.rosters:quota(ref.pool, now)
        local told = load or quota.loads:get(ref.call) or self.books.ledger:newcomerLoad()
        renew(
            self.rosters:gate(tenant, key, ref.agent, now),
            {call = ref.call, quota = quota, load = told},
            self:_terms(now, 0)
        )
        return self.books:heard(
            ref,
            {},
            progress,
            tenant,
            now
        )
    end)
end
function TenantDesk.prototype.debit(self, ref, entries, progress, now)
    return self._homes.transact(function()
        local tenant = self._registry:tenant()
        if tenant == nil or not self._records:isOpen(ref.call) then
            return {renewal = {is = "kept"}, alerts = {}, waits = false}
        end
        return self.books:heard(
            ref,
            entries,
            progress,
            tenant,
            now
        )
    end)
end
TenantDesk.prototype["end"] = function(self, ref, entries, record, now)
    return self._homes.transact(function()
        local tenant = self._registry:tenant()
        if tenant == nil then
            return {waits = false, alerts = {}}
        end
        local waits = self:_end(
            ref,
            entries,
            record,
            tenant,
            now
        )
        return {
            waits = waits,
            alerts = self.books:alerts(tenant, now, ref.pool)
        }
    end)
end
function TenantDesk.prototype.judge(self, now)
    return self._homes.transact(function()
        local tenant = self._registry:tenant()
        return tenant == nil and ({}) or self.books:alerts(tenant, now)
    end)
end
function TenantDesk.prototype.affected(self, now)
    local ____temp_8 = {
        self._registry:tenant(),
        self.books
    }
    local tenant = ____temp_8[1]
    local budget = ____temp_8[2].budget
    local calls = self._records:openIds()
    if tenant == nil then
        return {calls = calls, spent = {}}
    end
    local refusal = budget:refusal(tenant, now)
    local own = refusal == nil and #callLimits(tenant) > 0
    return {
        calls = calls,
        refusal = refusal,
        spent = own and budget:ending(
            self._records:openCalls(),
            tenant,
            now
        ) or ({})
    }
end
function TenantDesk.prototype.resume(self, now)
    return self._homes.transact(function()
        local tenant = self._registry:tenant()
        return tenant ~= nil and self.books:resume(tenant, now)
    end)
end
function TenantDesk.prototype.lose(self, call, now)
    self._homes.transact(function()
        local tenant, kept = self._registry:tenant(), self._records:get(call)
        if tenant ~= nil and kept ~= nil then
            self:_end(
                refOf(kept, tenant),
                {},
                lost(kept, now),
                tenant,
                now
            )
        end
    end)
end
function TenantDesk.prototype.sweep(self, now)
    return self._homes.transact(function()
        local tenant = self._registry:tenant()
        if tenant == nil then
            return {}
        end
        for ____, key in ipairs(self._registry:keys()) do
            read(
                self.rosters:gate(tenant, key, nil, now),
                now
            )
        end
        for ____, agent in ipairs(__TS__ObjectKeys(tenant.caps.agents)) do
            read(
                self.rosters:gate(tenant, nil, agent, now),
                now
            )
        end
        self._ends:closeLost(tenant, now)
        self._records:forget(now - keptMs)
        self.outbox:sweep(now)
        self.books:sweep(now)
        self._homes.audit:forget(now - auditKeptMs)
        return self.books:alerts(tenant, now)
    end)
end
function TenantDesk.prototype.ask(self, pool, now)
    return self._homes.transact(function()
        local tenant = self._registry:tenant()
        if tenant == nil then
            return nil
        end
        local ____temp_9 = {
            self.rosters:gate(tenant, nil, nil, now),
            self.books:seats(tenant, now)
        }
        local desk = ____temp_9[1]
        local free = ____temp_9[2].free
        local needed = needs(
            desk,
            self.rosters:quota(pool, now),
            now,
            free
        )
        local number = self._pools:ask(pool, needed, now)
        if number == nil then
            return {is = "under way"}
        end
        local block, debited = self:_block(needed), self._pools:debited(pool)
        local busy = self._pools:busy(pool, needed.sessions.has)
        return {
            number = number,
            plan = tenant.plan,
            needs = needed,
            busy = busy,
            block = block,
            debited = debited,
            epoch = self._pools:epoch(pool)
        }
    end)
end
function TenantDesk.prototype.regrant(self, pool, grant, as, now)
    local again = self._homes.transact(function() return self._pools:take(pool, grant, as, now) end)
    return {
        seated = self:advance(now),
        again = again
    }
end
function TenantDesk.prototype.lacks(self, pool, now)
    local ____temp_10 = self.rosters:quota(pool, now)
    local loads = ____temp_10.loads
    local tokens = ____temp_10.tokens
    local sessions = ____temp_10.sessions
    return loads:sum() + self.books.ledger:newcomerLoad() > tokens or loads:size() >= sessions
end
function TenantDesk.prototype.pools(self)
    return self.rosters:pools()
end
function TenantDesk.prototype.read(self, now)
    local tenant = self._registry:tenant()
    if tenant == nil then
        return nil
    end
    local ____self_books_11 = self.books
    local ledger = ____self_books_11.ledger
    local budget = ____self_books_11.budget
    local lines, usage = self.queue:lines(tenant, now), ledger:usage(tenant, now)
    local budgets, suspended = budget:reading(tenant, now), budget:suspendedAt() or nil
    return {
        tenant = tenant,
        lines = lines,
        usage = usage,
        budgets = budgets,
        suspended = suspended
    }
end
function TenantDesk.prototype.report(self, now)
    local tenant = self._registry:tenant()
    return tenant == nil and ({}) or reportOf(
        self.counts:sums(),
        tenant.plan,
        self:gauges(tenant, now)
    )
end
function TenantDesk.prototype.gauges(self, tenant, now)
    local ____temp_12 = self.queue:lines(tenant, now)
    local live = ____temp_12.live
    local cap = ____temp_12.cap
    local waiting, oldestWaitMs = self._records:waiting(), self.queue:oldestWaitMs(tenant, now)
    return __TS__ObjectAssign(
        {live = live, cap = cap, waiting = waiting, oldestWaitMs = oldestWaitMs},
        self.outbox:standing(now)
    )
end
function TenantDesk.prototype.holdNarrow(self)
    local tenant = self._registry:tenant()
    if tenant ~= nil then
        holdNarrow(self.rosters, self._registry, self._records, tenant)
    end
end
function TenantDesk.prototype._block(self, ____bindingPattern0)
    local sessions
    local tokens
    tokens = ____bindingPattern0.tokens
    sessions = ____bindingPattern0.sessions
    local waiting = sessions.wants - sessions.has
    return waiting > 0 and math.ceil((tokens.wants - tokens.has) / waiting) or self.books.ledger:newcomerLoad()
end
function TenantDesk.prototype._terms(self, now, room, seats)
    if seats == nil then
        seats = math.huge
    end
    return {
        now = now,
        ttlMs = leaseTtlMs,
        room = room,
        seats = seats,
        learning = self._homes:learningUntil() > now
    }
end
function TenantDesk.prototype._gate(self, ref, tenant, now)
    return self.rosters:gate(
        tenant,
        self._registry:key(ref.key),
        ref.agent,
        now
    )
end
function TenantDesk.prototype._end(self, ref, entries, record, tenant, now)
    local waits = self:_release(ref, tenant, now)
    if self._records:isOpen(ref.call) then
        local ____self_13 = self._ends
        ____self_13["end"](
            ____self_13,
            ref,
            entries,
            record,
            tenant,
            now
        )
    end
    return waits
end
function TenantDesk.prototype._release(self, ref, tenant, now)
    local gate = self:_gate(ref, tenant, now)
    local place = gate.queue:rank(ref.call)
    release(gate, ref.call, now, ref.caller or nil)
    self.books.budget:letGo(ref.call)
    if place == nil then
        local ____opt_14 = self._homes.ticks
        if ____opt_14 ~= nil then
            ____opt_14:left(ref.call)
        end
    else
        local ____opt_16 = self._homes.ticks
        if ____opt_16 ~= nil then
            ____opt_16:gaveUp(ref.call, place, now)
        end
    end
    return gate.queue:size() > 0
end
return ____exports
end)()

-- src/pool-terms
modules["pool-terms"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__ObjectEntries = ____lualib.__TS__ObjectEntries
local __TS__ArrayFilter = ____lualib.__TS__ArrayFilter
local __TS__ObjectFromEntries = ____lualib.__TS__ObjectFromEntries
local __TS__ObjectAssign = ____lualib.__TS__ObjectAssign
local __TS__ObjectValues = ____lualib.__TS__ObjectValues
local __TS__ArrayReduce = ____lualib.__TS__ArrayReduce
local ____exports = {}
local ____plan_2Ets = modules["plan"]
local plans = ____plan_2Ets.plans
____exports.plainSettings = {ceiling = nil, thresholds = {}, floors = {}}
function ____exports.changedSettings(settings, change)
    local given = __TS__ObjectFromEntries(__TS__ArrayFilter(
        __TS__ObjectEntries(change),
        function(____, ____bindingPattern0)
            local value
            value = ____bindingPattern0[2]
            return value ~= nil
        end
    ))
    return __TS__ObjectAssign({}, settings, given)
end
function ____exports.thresholdOf(settings, plan)
    return settings.thresholds[plan] or plans[plan].threshold
end
--- Floors that come to more than the ceiling cannot be kept.
function ____exports.unfit(____bindingPattern0, ceiling)
    local floors
    floors = ____bindingPattern0.floors
    for ____, unit in ipairs({"tokensPerMinute", "sessions"}) do
        do
            local __continue6
            repeat
                local sum = __TS__ArrayReduce(
                    __TS__ObjectValues(floors),
                    function(____, all, floor) return all + floor[unit] end,
                    0
                )
                local most = ceiling[unit]
                if most == nil or sum <= most then
                    __continue6 = true
                    break
                end
                local problems = (((("floors: " .. unit) .. " come to ") .. tostring(sum)) .. ", above the ceiling of ") .. tostring(most)
                return {why = "body_invalid", details = {problems = problems, param = "floors"}}
            until true
            if not __continue6 then
                break
            end
        end
    end
    return nil
end
return ____exports
end)()

-- src/shared-pool
modules["shared-pool"] = (function()
local ____lualib = modules["lualib_bundle"]
local __TS__Class = ____lualib.__TS__Class
local __TS__ArrayIndexOf = ____lualib.__TS__ArrayIndexOf
local __TS__ArrayMap = ____lualib.__TS__ArrayMap
local __TS__ArrayFlatMap = ____lualib.__TS__ArrayFlatMap
local __TS__ObjectKeys = ____lualib.__TS__ObjectKeys
local __TS__SparseArrayNew = ____lualib.__TS__SparseArrayNew
local __TS__SparseArrayPush = ____lualib.__TS__SparseArrayPush
local __TS__SparseArraySpread = ____lualib.__TS__SparseArraySpread
local __TS__ArraySome = ____lualib.__TS__ArraySome
local Set = ____lualib.Set
local __TS__New = ____lualib.__TS__New
local __TS__Spread = ____lualib.__TS__Spread
local ____exports = {}
local unique
local ____limits_2Ets = modules["limits"]
local leaseTtlMs = ____limits_2Ets.leaseTtlMs
local learningMs = ____limits_2Ets.learningMs
local ____meter_2Ets = modules["meter"]
local note = ____meter_2Ets.note
local taken = ____meter_2Ets.taken
local ____plan_2Ets = modules["plan"]
local planNames = ____plan_2Ets.planNames
local plans = ____plan_2Ets.plans
local ____pool_2Ets = modules["pool"]
local granted = ____pool_2Ets.granted
local overtaken = ____pool_2Ets.overtaken
local read = ____pool_2Ets.read
local refill = ____pool_2Ets.refill
local reserve = ____pool_2Ets.reserve
local share = ____pool_2Ets.share
local slacking = ____pool_2Ets.slacking
local units = ____pool_2Ets.units
local ____pool_2Dterms_2Ets = modules["pool-terms"]
local thresholdOf = ____pool_2Dterms_2Ets.thresholdOf
function unique(desks)
    return {__TS__Spread(__TS__New(Set, desks))}
end
--- Where there is no ceiling: more than any pool has, and exact in every home.
local unbounded = 10000000000000
____exports.SharedPool = __TS__Class()
local SharedPool = ____exports.SharedPool
SharedPool.name = "SharedPool"
function SharedPool.prototype.____constructor(self, own, open)
    self._own = own
    self._open = open
end
function SharedPool.prototype.share(self, desk, ask, settings, now)
    if not overtaken(
        self:_pool("tokens", settings),
        desk,
        ask.number
    ) then
        self:_listen(ask, now)
        self:_measure(desk, ask, now)
    end
    local ____ask_0 = ask
    local number = ____ask_0.number
    local plan = ____ask_0.plan
    local busy = ____ask_0.busy
    local ____plans_plan_1 = plans[plan]
    local weight = ____plans_plan_1.weight
    local tier = __TS__ArrayIndexOf(planNames, plan)
    local shares = __TS__ArrayMap(
        units,
        function(____, unit)
            local ____ask_needs_unit_2 = ask.needs[unit]
            local has = ____ask_needs_unit_2.has
            local wants = ____ask_needs_unit_2.wants
            local told = {
                number = number,
                has = has,
                wants = wants,
                busy = busy,
                block = unit == "tokens" and ask.block or 1,
                weight = weight,
                tier = tier
            }
            return share(
                self:_pool(unit, settings),
                desk,
                told,
                self:_terms(unit, settings, now)
            )
        end
    )
    local risen = unique(__TS__ArrayFlatMap(
        shares,
        function(____, one) return one.risen end
    ))
    local idle = unique(__TS__ArrayFlatMap(
        shares,
        function(____, one) return one.idle end
    ))
    return {
        grant = self:_grant(desk, settings),
        risen = self:_words(risen, settings),
        idle = idle
    }
end
function SharedPool.prototype.refill(self, before, settings, now)
    local risen = __TS__ArrayFlatMap(
        units,
        function(____, unit)
            local pool = self:_pool(unit, settings)
            local ____unique_9 = unique
            local ____array_8 = __TS__SparseArrayNew(unpack(__TS__ObjectKeys(before.floors)))
            __TS__SparseArrayPush(
                ____array_8,
                unpack(__TS__ObjectKeys(settings.floors))
            )
            for ____, desk in ipairs(____unique_9({__TS__SparseArraySpread(____array_8)})) do
                local floor = settings.floors[desk]
                local ____temp_7
                if unit == "tokens" then
                    ____temp_7 = floor and floor.tokensPerMinute
                else
                    ____temp_7 = floor and floor.sessions
                end
                local amount = ____temp_7
                reserve(pool, desk, amount or 0)
            end
            return refill(
                pool,
                self:_terms(unit, settings, now)
            )
        end
    )
    local idle = unique(__TS__ArrayFlatMap(
        units,
        function(____, unit) return slacking(self:_pool(unit, settings)) end
    ))
    return {
        risen = self:_words(
            unique(risen),
            settings
        ),
        idle = idle
    }
end
function SharedPool.prototype.figures(self, settings, now)
    local tokensLastMinute = taken(
        self:_meter(),
        now
    )
    local tokens, sessions = self:_pool("tokens", settings), self:_pool("sessions", settings)
    local units = {
        tokens = read(tokens, now),
        sessions = read(sessions, now)
    }
    return {
        learning = self:_learning(now),
        tokensLastMinute = tokensLastMinute,
        units = units
    }
end
function SharedPool.prototype._listen(self, ____bindingPattern0, now)
    local epoch
    epoch = ____bindingPattern0.epoch
    local life = self._open("life")
    local born = life:get("born") or now
    life:set("born", born)
    if epoch ~= nil and epoch ~= born and life:get("learning") == nil then
        life:set("learning", now + learningMs)
    end
end
function SharedPool.prototype.learn(self, now)
    if __TS__ArraySome(
        units,
        function(____, unit) return self._open(unit .. ":untils"):size() > 0 end
    ) then
        self._open("life"):set("learning", now + 2 * learningMs)
    end
end
function SharedPool.prototype._learning(self, now)
    return (self._open("life"):get("learning") or 0) > now
end
function SharedPool.prototype._measure(self, desk, ____bindingPattern0, now)
    local debited
    debited = ____bindingPattern0.debited
    local counted = self._open("counted")
    local more = debited - (counted:get(desk) or debited)
    counted:set(desk, debited)
    if more > 0 then
        note(
            self:_meter(),
            more,
            now
        )
    end
end
function SharedPool.prototype._meter(self)
    return {
        amounts = self._open("meter:tokens"),
        slots = self._open("meter:slots"),
        stepMs = 1000,
        forMs = 60000
    }
end
function SharedPool.prototype._words(self, desks, settings)
    return __TS__ArrayMap(
        desks,
        function(____, desk) return {
            desk = desk,
            grant = self:_grant(desk, settings)
        } end
    )
end
function SharedPool.prototype._grant(self, desk, settings)
    local tokens, sessions = self:_pool("tokens", settings), self:_pool("sessions", settings)
    local epoch = self._open("life"):get("born") or 0
    return {
        epoch = epoch,
        ttlMs = leaseTtlMs,
        tokens = granted(tokens, desk),
        sessions = granted(sessions, desk)
    }
end
function SharedPool.prototype._terms(self, unit, settings, now)
    local ____temp_10 = settings.ceiling or self._own
    local tokensPerMinute = ____temp_10.tokensPerMinute
    local sessions = ____temp_10.sessions
    local ____temp_11
    if unit == "tokens" then
        ____temp_11 = tokensPerMinute
    else
        ____temp_11 = sessions
    end
    local ceiling = ____temp_11 or unbounded
    return {
        now = now,
        ttlMs = leaseTtlMs,
        ceiling = ceiling,
        learning = self:_learning(now)
    }
end
function SharedPool.prototype._pool(self, unit, settings)
    local function roster(name)
        return self._open((unit .. ":") .. name)
    end
    return {
        has = roster("has"),
        wants = roster("wants"),
        grants = roster("grants"),
        untils = roster("untils"),
        versions = roster("versions"),
        blocks = roster("blocks"),
        weights = roster("weights"),
        floors = roster("floors"),
        kept = roster("kept"),
        owed = roster("owed"),
        slack = roster("slack"),
        ranks = roster("ranks"),
        asks = roster("asks"),
        tiers = __TS__ArrayMap(
            planNames,
            function(____, plan) return {
                threshold = thresholdOf(settings, plan),
                hungry = roster("hungry:" .. plan)
            } end
        )
    }
end
return ____exports
end)()

