-- One slice of the members of an index key whose entries live and hold the term.
-- KEYS: the index key.
-- ARGV: prefix, type, first rank, members looked at.
-- Returns {rank to go on at or -1, repaired memberships, name, life, name, life, ...}.
-- Bound: the members looked at.
local index_key, first, count = KEYS[1], tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', index_key, '-inf', '(' .. string.format('%.0f', now()))
local names = redis.call('ZRANGE', index_key, first, first + count - 1)
local result, repaired = {-1, 0}, 0
for _, name in ipairs(names) do
  local entry = look(PREFIX .. 'e:' .. name)
  if is_live(entry) and index_keys(entry.terms, entry.bound)[index_key] then
    result[#result + 1] = name
    result[#result + 1] = entry.life
  else
    redis.call('ZREM', index_key, name)
    repaired = repaired + 1
  end
end
if #names == count then result[1] = first + count - repaired end
result[2] = repaired
return result
