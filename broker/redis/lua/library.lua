-- Registers the functions. While a library is loaded it may use nothing of Lua but its words: the rest is begun with the first call.
local steps
local function step(name, keys, args)
    if steps == nil then steps = begin() end
    return steps[name](keys, args)
end

redis.register_function(LIBRARY .. 'desk', function(keys, args) return step('desk', keys, args) end)
redis.register_function(LIBRARY .. 'pool', function(keys, args) return step('pool', keys, args) end)
