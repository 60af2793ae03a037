-- Removes a value that cannot be used, if it is what was read.
-- KEYS: entry.
-- ARGV: prefix, type, the bytes that were read.
-- Returns 1 if it was removed, else 0.
-- Bound: one key.
if redis.pcall('GET', KEYS[1]) ~= ARGV[3] then return 0 end
redis.call('UNLINK', KEYS[1])
return 1
