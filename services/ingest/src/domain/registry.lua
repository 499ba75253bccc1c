-- Claims event ids for the positions that carry them; an id that another position holds is a duplicate.
-- Hashes of some hundred fields stay listpacks: little more than the ids themselves.
--
-- KEYS[1]  prefix of the registry, such as keypulse:{registry}:
-- ARGV[1]  generation of the batch (its Kafka time in spans of some days)
-- ARGV[2]  seconds that a bucket lives
-- ARGV[3]  topic and partition, such as w3: (prefix of every position)
-- ARGV[4]  last offset of the batch
-- ARGV[5]  highest offset of the partition that must have been claimed before, -1 for none, -2 while rebuilding
-- ARGV[6]  ids, 22 characters each: 14 of the fingerprint, 8 offset in base 36
-- Returns  {fill, generation, first generation, numbers of the duplicates from 0 ...}; fill names the filling that the
--          claim is part of, and is 0 where the registry lost what it had (then nothing was claimed)
local base = KEYS[1]
local high = tonumber(redis.call('HGET', base .. 'high', ARGV[3]) or '-1')
local claimedBefore = tonumber(ARGV[5])
local fill = redis.call('HGET', base .. 'span', 'whole')
local filling = claimedBefore == -2 and redis.call('EXISTS', base .. 'filling') == 1
if not filling and (not fill or claimedBefore == -2 or claimedBefore > high) then return {0, 0, 0} end

local generation = tonumber(ARGV[1])
local newest = tonumber(redis.call('HGET', base .. 'span', 'newest'))
if generation > newest then redis.call('HSET', base .. 'span', 'newest', generation) else generation = newest end
local first = tonumber(redis.call('HGET', base .. 'span', 'first'))

local current = base .. generation .. ':'
local before = first < generation and base .. (generation - 1) .. ':' or false
local result = {fill or '', generation, first}
local ids = ARGV[6]
for i = 0, #ids / 22 - 1 do
  local at = i * 22
  -- 65,536 buckets a generation: up to some 30 million ids they stay listpacks.
  local bucket = string.sub(ids, at + 1, at + 2) .. string.byte(ids, at + 3) % 16
  local field = string.sub(ids, at + 3, at + 14)
  local position = ARGV[3] .. string.sub(ids, at + 15, at + 22)
  local holder = before and redis.call('HGET', before .. bucket, field)
  if not holder then
    if redis.call('HSETNX', current .. bucket, field, position) == 1 then
      if redis.call('HLEN', current .. bucket) == 1 then redis.call('EXPIRE', current .. bucket, ARGV[2]) end
    else
      holder = redis.call('HGET', current .. bucket, field)
    end
  end
  if holder and holder ~= position then result[#result + 1] = i end
end
if tonumber(ARGV[4]) > high then redis.call('HSET', base .. 'high', ARGV[3], ARGV[4]) end
return result
