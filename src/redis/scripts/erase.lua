-- Erases entries, and leases, so that loads under way cannot publish.
-- KEYS: entries.
-- ARGV: prefix, type, then for each key the version that must live there, "-" for none, "" for any.
-- Returns for each key 1 if an entry was erased, 0 if none lives there, -1 if another one does. What
--   is foreign stays.
-- Bound: the keys given.
local function erase(key, expected)
  local entry = look(key)
  if not entry or entry.foreign then return expected ~= '' and expected ~= '-' and -1 or 0 end
  local version = is_live(entry) and entry.version or '-'
  if expected ~= '' and expected ~= version then return -1 end
  remove(key, entry)
  return is_live(entry) and 1 or 0
end

local result = {}
for i, key in ipairs(KEYS) do result[i] = erase(key, ARGV[2 + i]) end
return result
