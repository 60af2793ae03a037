-- What every script begins with: entries as scripts see them, and the upkeep of their terms.
--
-- A stored value is   payload | seal | bound terms | open part
--   open part (56 bytes): life (16), uses (8) and last use ms (8; -1: none), created ms (8), expires
--   ms (8; -1: never), length of the bound terms (4), "LDR1" (4). Scripts write it and the bound
--   terms; the rest comes from clients.
--   The seal ends in a tail of its own (52 bytes): checksum (8), version (16), type (12), and more; at
--   its end the length of the terms before it (4) and "LDRS".
-- A lease is          token (16) | "LDRL".
-- A counter is plain decimal text, so that anybody may read and write it. What belongs to it lies in
-- a sibling key:      text | terms | version (16) | length of the terms (4) | "LDRC" | bound | open.
-- It counts only while its text is the counter's.
--
-- ARGV[1] is the prefix of the cache's keys, ARGV[2] the type of its values (12 bytes), or "" for
-- counters. An entry's key is prefix .. "e:" .. name; its name is what indexes hold.

local PREFIX, TYPE = ARGV[1], ARGV[2]
local OPEN = 56
local OPEN_FORMAT = '<c16i8i8i8i8I4c4'
local SEAL, SEAL_MAGIC = 52, 'LDRS'
local COUNTED, COUNTED_MAGIC = 24, 'LDRC'
local NO_LIFE = string.rep('\0', 16)

local now_ms
local function now()
  if not now_ms then
    local time = redis.call('TIME')
    now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return now_ms
end

local function name_of(key) return string.sub(key, #PREFIX + 3) end
local function sibling(key) return PREFIX .. 'm:' .. name_of(key) end

local function is_lease(bytes) return #bytes == 20 and string.sub(bytes, 17) == 'LDRL' end

-- The last bytes of a text key; nil where the key holds something else.
local function last_bytes(key, count)
  local bytes = redis.pcall('GETRANGE', key, -count, -1)
  if type(bytes) == 'table' then return nil end
  return bytes
end

-- Fields of `bytes`, the end of a value whose fixed seal has `size` bytes. `more(count)` gives a
-- longer end. Nil: no value of ours.
local function parse(bytes, size, magic, more)
  if #bytes < OPEN + size or string.sub(bytes, -4) ~= 'LDR1' then return nil end
  local life, uses, used, created, expires, bound_size =
    struct.unpack(OPEN_FORMAT, bytes, #bytes - OPEN + 1)
  if bound_size > 0 then
    bytes = more(OPEN + bound_size + size)
    if #bytes < OPEN + bound_size + size then return nil end
  end
  local seal = #bytes - OPEN - bound_size - size + 1
  if string.sub(bytes, seal + size - 4, seal + size - 1) ~= magic then return nil end
  local entry = {life = life, uses = uses, used = used, created = created, expires = expires,
                 terms = ''}
  entry.bound = string.sub(bytes, seal + size, seal + size + bound_size - 1)
  entry.seal = string.sub(bytes, seal, seal + size - 1)
  local terms_size = struct.unpack('<I4', bytes, seal + size - 8)
  if terms_size > 0 then
    bytes = more(OPEN + bound_size + size + terms_size)
    if #bytes < OPEN + bound_size + size + terms_size then return nil end
    entry.terms = string.sub(bytes, -(OPEN + bound_size + size + terms_size),
                             -(OPEN + bound_size + size + 1))
  end
  entry.size = OPEN + bound_size + size + terms_size
  return entry
end

local function look_at_counter(key)
  local text = redis.pcall('GET', key)
  if type(text) == 'table' then return {foreign = true} end
  if not text then return nil end
  if is_lease(text) then return {lease = string.sub(text, 1, 16)} end
  if not (text == '0' or string.match(text, '^-?[1-9]%d*$')) then return {foreign = true} end
  local beside = redis.pcall('GET', sibling(key))
  local entry
  if type(beside) == 'string' then
    entry = parse(beside, COUNTED, COUNTED_MAGIC,
                  function(count) return string.sub(beside, -count) end)
  end
  if not entry or string.sub(beside, 1, #beside - entry.size) ~= text then
    -- Written by somebody else: what can be known of it is derived from it.
    local version = string.sub(redis.sha1hex(text), 1, 16)
    local ends = redis.call('PEXPIRETIME', key)
    entry = {life = version, uses = 0, used = -1, created = now(),
             expires = ends < 0 and -1 or ends + 1, terms = '', bound = '', version = version}
  else
    entry.version = string.sub(entry.seal, 1, 16)
  end
  entry.text = text
  return entry
end

-- What is at an entry's key: nil, {lease = token}, {foreign = true}, or
-- {version, created, expires, life, terms, bound}.
local function look(key)
  if TYPE == '' then return look_at_counter(key) end
  local bytes = last_bytes(key, OPEN + SEAL)
  if not bytes then return {foreign = true} end
  if #bytes == 0 then return nil end
  if is_lease(bytes) then return {lease = string.sub(bytes, 1, 16)} end
  local entry = parse(bytes, SEAL, SEAL_MAGIC, function(count) return last_bytes(key, count) end)
  if not entry or string.sub(entry.seal, 25, 36) ~= TYPE then return {foreign = true} end
  entry.version = string.sub(entry.seal, 9, 24)
  return entry
end

local function is_live(entry) return entry ~= nil and entry.life ~= nil end

-- Calls each(index key, flag, index, term) for the terms of a block.
local function each_term(block, each)
  local at = 1
  while at <= #block do  -- bound: the block
    local flag, index, term
    flag, index, term, at = struct.unpack('<BI2c0I4c0', block, at)
    local key = flag == 1 and PREFIX .. 't:' .. term or PREFIX .. 'i:' .. index .. ':' .. term
    each(key, flag, index, term)
  end
end

local function index_keys(...)
  local keys = {}
  for _, block in ipairs({...}) do
    each_term(block, function(key) keys[key] = true end)
  end
  return keys
end

-- Brings the index from the terms of `old` to those of `new`; either may be nil.
local function reindex(name, old, new)
  local before = old and index_keys(old.terms, old.bound) or {}
  local after = new and index_keys(new.terms, new.bound) or {}
  for key in pairs(after) do
    redis.call('ZADD', key, new.expires < 0 and '+inf' or string.format('%.0f', new.expires), name)
  end
  for key in pairs(before) do
    if not after[key] then redis.call('ZREM', key, name) end
  end
end

-- When an entry written now ends, in ms; -1: never. `ttl` is a span in ms, "forever", "standard" or
-- "keep"; `standard` a span in ms or "forever".
local function expiry(ttl, standard, old)
  if ttl == 'keep' then
    if old then return old.expires end
    ttl = 'standard'
  end
  if ttl == 'standard' then ttl = standard end
  if ttl == 'forever' then return -1 end
  return now() + tonumber(ttl)
end

local function open_part(entry)
  return entry.bound .. struct.pack(OPEN_FORMAT, entry.life, entry.uses or 0, entry.used or -1,
                                    entry.created, entry.expires, #entry.bound, 'LDR1')
end

-- An entry lives while now < expires; for the server a key lives while now <= its time.
local function write(key, bytes, expires)
  if expires < 0 then
    redis.call('SET', key, bytes)
  else
    redis.call('SET', key, bytes, 'PXAT', string.format('%.0f', expires - 1))
  end
end

-- Writes what belongs to the counter at `key` beside its text.
local function write_beside(key, text, version, entry)
  write(sibling(key), text .. entry.terms ..
        struct.pack('<c16I4c4', version, #entry.terms, COUNTED_MAGIC) .. open_part(entry),
        entry.expires)
end

-- Ends the entry at `key`, or the lease.
local function remove(key, entry)
  redis.call('UNLINK', key)
  if TYPE == '' then redis.call('UNLINK', sibling(key)) end
  if is_live(entry) then reindex(name_of(key), entry, nil) end
end
