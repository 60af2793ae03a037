-- Prolongs a lease, or gives it up.
-- KEYS: entry.
-- ARGV: prefix, type, token (16 bytes), lease in ms ("0": give up).
-- Returns 1 if the lease was still held, else 0.
-- Bound: one key.
local entry = look(KEYS[1])
if not entry or entry.lease ~= ARGV[3] then return 0 end
if ARGV[4] == '0' then
  redis.call('UNLINK', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1
