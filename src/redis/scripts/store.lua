-- Stores values under a condition, each atomically with its terms.
-- KEYS: entries.
-- ARGV: prefix, type, condition, ttl, standard ttl, "1" if the entry that lives goes on (its creation
--   instant stays), then for each key: seal or counter text, terms (counters only, else ""), version,
--   expected.
--   condition: "always", "absent", "present", "version" (expected: version; "" is absent), "lease"
--   (expected: token of 16 bytes, then the generation at the beginning of the load, in decimal).
-- Returns for each key {code, expires ms}: 1 stored where nothing lived, 2 stored over what lived,
--   0 refused, -1 refused and foreign, -2 the lease is lost, -3 fenced by an erase of terms or keys.
-- Bound: the keys given.
local condition, ttl, standard, goes_on = ARGV[3], ARGV[4], ARGV[5], ARGV[6] == '1'

-- Whether an erase by index, tag, pattern or clear came after `began`.
local function is_fenced(began, terms)
  local fences = PREFIX .. 'f'
  local function passed(member)
    local at = redis.call('ZSCORE', fences, member)
    return at and tonumber(at) > began
  end
  if passed('*') then return true end
  local found = false
  each_term(terms, function(key) found = found or passed(string.sub(key, #PREFIX + 1)) end)
  return found
end

local function refusal(entry, expected, terms)
  local lives = is_live(entry)
  if condition == 'always' then return nil end
  if condition == 'present' then return not lives and 0 or nil end
  if condition == 'absent' then
    if lives then return 0 end
    return entry and entry.foreign and -1 or nil
  end
  if condition == 'version' then
    local version = lives and entry.version or ''
    if version ~= expected then return 0 end
    return entry and entry.foreign and -1 or nil
  end
  if not entry or entry.lease ~= string.sub(expected, 1, 16) then return -2 end
  return is_fenced(tonumber(string.sub(expected, 17)), terms) and -3 or nil
end

local function terms_of(bytes)
  local size = struct.unpack('<I4', bytes, #bytes - 7)
  if size == 0 then return '' end
  return string.sub(bytes, #bytes - SEAL - size + 1, #bytes - SEAL)
end

local function store(key, bytes, terms, version, expected)
  if TYPE ~= '' then terms = terms_of(bytes) end
  local old = look(key)
  local code = refusal(old, expected, terms)
  if code then
    if code == -3 then redis.call('UNLINK', key) end
    return {code, 0}
  end
  local lives = is_live(old)
  local entry = {terms = terms, bound = lives and old.bound or '',
                 life = lives and old.life or version,
                 created = goes_on and lives and old.created or now(),
                 uses = goes_on and lives and old.uses or 0,
                 used = goes_on and lives and old.used or -1,
                 expires = expiry(ttl, standard, lives and old or nil)}
  if TYPE == '' then
    write(key, bytes, entry.expires)
    write_beside(key, bytes, version, entry)
  else
    write(key, bytes .. open_part(entry), entry.expires)
  end
  if terms ~= '' or (lives and (old.terms ~= '' or old.bound ~= '')) then
    reindex(name_of(key), lives and old or nil, entry)
  end
  return {lives and 2 or 1, entry.expires}
end

local result = {}
for i, key in ipairs(KEYS) do
  local at = 3 + 4 * i
  result[i] = store(key, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end
return result
