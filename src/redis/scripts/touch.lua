-- Gives live entries another time to live.
-- KEYS: entries.
-- ARGV: prefix, type, ttl, standard ttl.
-- Returns for each key 1 if an entry lives there, else 0.
-- Bound: the keys given.
local function prolong(key, expires)
  if expires < 0 then
    redis.call('PERSIST', key)
  elseif expires - 1 > now() then
    redis.call('PEXPIREAT', key, string.format('%.0f', expires - 1))
  else  -- within this millisecond, for which PEXPIREAT would end it at once
    redis.call('SET', key, redis.call('GET', key), 'PXAT', string.format('%.0f', expires - 1))
  end
end

local result = {}
for i, key in ipairs(KEYS) do
  local entry = look(key)
  result[i] = 0
  if is_live(entry) then
    entry.expires = expiry(ARGV[3], ARGV[4], entry)
    local holder = TYPE == '' and sibling(key) or key
    if entry.seal then
      local size = redis.call('STRLEN', holder)
      redis.call('SETRANGE', holder, size - 16, struct.pack('<i8', entry.expires))
    end
    prolong(key, entry.expires)
    if TYPE == '' and entry.seal then prolong(holder, entry.expires) end
    reindex(name_of(key), entry, entry)
    result[i] = 1
  end
end
return result
