-- Erases entries whose lives go on, each atomically with its membership where one is asked for.
-- KEYS: entries.
-- ARGV: prefix, type, an index key that they must hold a term of, or "", then for each key its life.
-- Returns for each key 1 if it was erased, else 0; repairs memberships that hold no more.
-- Bound: the keys given.
local index_key = ARGV[3]
local function holds(entry)
  return index_key == '' or index_keys(entry.terms, entry.bound)[index_key]
end

local result = {}
for i, key in ipairs(KEYS) do
  local entry = look(key)
  result[i] = 0
  if is_live(entry) and holds(entry) then
    if entry.life == ARGV[3 + i] then
      remove(key, entry)
      result[i] = 1
    end
  elseif index_key ~= '' then
    redis.call('ZREM', index_key, name_of(key))
  end
end
return result
