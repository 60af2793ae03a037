-- Binds or unbinds a term to the lives of entries.
-- KEYS: entries.
-- ARGV: prefix, type, "add" or "remove", the term (one block of flag, index, term).
-- Returns how many live entries hold the term now, or how many were unbound that held it.
-- Bound: the keys given.
local adds, block = ARGV[3] == 'add', ARGV[4]
local index_key
each_term(block, function(key) index_key = key end)

local function without(bound)
  local rest, found = {}, false
  local at = 1
  while at <= #bound do  -- bound: the block
    local _, _, _, after = struct.unpack('<BI2c0I4c0', bound, at)
    local one = string.sub(bound, at, after - 1)
    if one == block then found = true else rest[#rest + 1] = one end
    at = after
  end
  return table.concat(rest), found
end

-- Writes the end of the value again; all before it stays.
local function rewrite(key, entry, old_bound)
  local bytes = redis.call('GET', key)
  write(key, string.sub(bytes, 1, #bytes - OPEN - #old_bound) .. open_part(entry), entry.expires)
end

local count = 0
for _, key in ipairs(KEYS) do
  local entry = look(key)
  if is_live(entry) then
    local rest, is_bound = without(entry.bound)
    if adds or is_bound then count = count + 1 end
    if is_bound ~= adds then
      local old = {terms = entry.terms, bound = entry.bound}
      entry.bound = adds and entry.bound .. block or rest
      if TYPE == '' then
        write_beside(key, entry.text, entry.version, entry)
      else
        rewrite(key, entry, old.bound)
      end
      reindex(name_of(key), old, entry)
    end
  end
end
return count
