-- What is at keys.
-- KEYS: entries.
-- ARGV: prefix, type.
-- Returns for each key the life of what lives there (16 bytes), 1 for the lease of a load, or 0.
-- Bound: the keys given.
local result = {}
for i, key in ipairs(KEYS) do
  local entry = look(key)
  result[i] = is_live(entry) and entry.life or (entry and entry.lease and 1 or 0)
end
return result
