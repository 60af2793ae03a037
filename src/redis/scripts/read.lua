-- Reads counters with what lies beside them.
-- KEYS: entries.
-- ARGV: prefix, "".
-- Returns for each key nothing, the token of a lease, or {text, version, created ms, expires ms,
--   terms, bound terms, uses, last use ms}.
-- Bound: the keys given.
local result = {}
for i, key in ipairs(KEYS) do
  local entry = look(key)
  result[i] = entry and entry.lease or false
  if is_live(entry) then
    result[i] = {entry.text, entry.version, entry.created, entry.expires, entry.terms, entry.bound,
                 entry.uses, entry.used}
  end
end
return result
