-- Notes a use of live entries, where the cache tracks them.
-- KEYS: entries.
-- ARGV: prefix, type, then for each key the version that was read.
-- Bound: the keys given.
for i, key in ipairs(KEYS) do
  local entry = look(key)
  if is_live(entry) and entry.version == ARGV[2 + i] and entry.seal then
    local holder = TYPE == '' and sibling(key) or key
    local size = redis.call('STRLEN', holder)
    redis.call('SETRANGE', holder, size - OPEN + 16, struct.pack('<i8i8', entry.uses + 1, now()))
  end
end
return redis.status_reply('OK')
