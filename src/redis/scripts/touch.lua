-- Gives live entries another time to live.
-- KEYS: entries.
-- ARGV: prefix, type, ttl, standard ttl.
-- Returns for each key 1 if an entry lives there, else 0.
-- Bound: the keys given.
local result = {}
for i, key in ipairs(KEYS) do
  local entry = look(key)
  result[i] = 0
  if is_live(entry) then
    entry.expires = expiry(ARGV[3], ARGV[4], entry)
    local function prolong(one)
      if entry.expires < 0 then
        redis.call('PERSIST', one)
      else
        redis.call('PEXPIREAT', one, string.format('%.0f', entry.expires))
      end
    end
    local holder = TYPE == '' and sibling(key) or key
    if entry.seal then
      local size = redis.call('STRLEN', holder)
      redis.call('SETRANGE', holder, size - 16, struct.pack('<i8', entry.expires))
    end
    prolong(key)
    if TYPE == '' and entry.seal then prolong(holder) end
    reindex(name_of(key), entry, entry)
    result[i] = 1
  end
end
return result
