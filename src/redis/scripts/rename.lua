-- Moves an entry to another key, over what lives there. The terms bound to it go along; the life is
-- the destination's.
-- KEYS: source, destination.
-- ARGV: prefix, type, the version that must live at the source, the value for the destination (seal
--   or counter text), its terms (counters), its version.
-- Returns {code, expires ms}: 1 moved, 2 moved over what lived, 0 another version or nothing at the
--   source, -1 the destination is foreign.
-- Bound: two keys.
local from, to = KEYS[1], KEYS[2]
local source = look(from)
if not is_live(source) or source.version ~= ARGV[3] then return {0, 0} end
local target = look(to)
if target and target.foreign then return {-1, 0} end
local lives = is_live(target)
local entry = {terms = source.terms, bound = source.bound,
               life = lives and target.life or ARGV[6],
               created = source.created, expires = source.expires,
               uses = source.uses, used = source.used}
remove(from, source)
if TYPE == '' then
  write(to, ARGV[4], entry.expires)
  write_beside(to, ARGV[4], ARGV[6], entry)
else
  write(to, ARGV[4] .. open_part(entry), entry.expires)
end
reindex(name_of(to), lives and target or nil, entry)
return {lives and 2 or 1, entry.expires}
