-- Opens a generation of erases: loads that began before and would store one of the terms, or any key
-- where the member is "*", are refused when they publish.
-- KEYS: the generation, the fences.
-- ARGV: prefix, type, members ("t:TERM", "i:INDEX:TERM" or "*").
-- Returns the generation.
-- Bound: the members given, and kMost fences kept; who began before one that was dropped is refused.
local kMost = 4096
local generation = redis.call('INCR', KEYS[1])
for i = 3, #ARGV do redis.call('ZADD', KEYS[2], generation, ARGV[i]) end
local over = redis.call('ZCARD', KEYS[2]) - kMost
if over > 0 then
  local dropped = redis.call('ZRANGE', KEYS[2], 0, over - 1, 'WITHSCORES')
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, over - 1)
  local star = redis.call('ZSCORE', KEYS[2], '*')
  local last = tonumber(dropped[#dropped])
  if not star or tonumber(star) < last then redis.call('ZADD', KEYS[2], last, '*') end
end
return generation
