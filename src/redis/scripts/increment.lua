-- Adds to a counter; one that is absent counts as 0.
-- KEYS: entry.
-- ARGV: prefix, "", step (decimal), least, most (decimal), ttl of a new one, standard ttl, version,
--   terms.
-- Returns {code, text, expires ms}: 1 created, 2 added, 0 out of range, -1 foreign; -4 the numbers
--   are beyond what a script counts exactly: the caller adds and stores under the version given as
--   fourth.
-- Bound: one key.
local EXACT = 9007199254740991
local key, step = KEYS[1], tonumber(ARGV[3])
local old = look(key)
if old and old.foreign then return {-1, '', 0} end
local lives = is_live(old)
local text = lives and old.text or '0'
local number = tonumber(text)
local sum = number + step
if math.abs(step) > EXACT or math.abs(number) > EXACT or math.abs(sum) > EXACT then
  return {-4, text, 0, lives and old.version or ''}
end
if sum < tonumber(ARGV[4]) or sum > tonumber(ARGV[5]) then return {0, text, 0} end
local terms, version = ARGV[9], ARGV[8]
local entry = {terms = terms, bound = lives and old.bound or '',
               life = lives and old.life or version,
               created = lives and old.created or now(),
               uses = lives and old.uses or 0, used = lives and old.used or -1,
               expires = lives and old.expires or expiry(ARGV[6], ARGV[7], nil)}
if lives then entry.terms = old.terms end
text = string.format('%.0f', sum)
write(key, text, entry.expires)
write_beside(key, text, version, entry)
if not lives and terms ~= '' then reindex(name_of(key), nil, entry) end
return {lives and 2 or 1, text, entry.expires}
