-- Finds a value, or takes the lease to load it.
-- KEYS: entry.
-- ARGV: prefix, type, token (16 bytes), lease in ms.
-- Returns {"taken", generation of erases}; {"live"}; {"held", token of the holder, ms left}; or
--   {"foreign"}.
-- Bound: one key.
local key = KEYS[1]
local entry = look(key)
if is_live(entry) then return {'live'} end
if entry and entry.foreign then return {'foreign'} end
if entry and entry.lease ~= ARGV[3] then return {'held', entry.lease, redis.call('PTTL', key)} end
redis.call('SET', key, ARGV[3] .. 'LDRL', 'PX', ARGV[4])
return {'taken', redis.call('GET', PREFIX .. 'g') or '0'}
