-- Claims event ids for the positions that carry them; an id that another position holds is a duplicate.
-- Hashes of some hundred fields stay listpacks: little more than the ids themselves.
--
-- KEYS[1]  prefix of the registry, such as keypulse:{registry}:
-- ARGV[1]  generation of the batch (its Kafka time in spans of some days)
-- ARGV[2]  topic and partition, such as w3: (prefix of every position)
-- ARGV[3]  last offset of the batch
-- ARGV[4]  highest offset of the partition that must have been claimed before, -1 for none, -2 while rebuilding
-- ARGV[5]  ids, 23 characters each: 3 bucket, 12 field, 8 offset in base 36
-- Returns  {fill, generation, first generation, numbers of the duplicates from 0 ...}; fill names the filling that the
--          claim is part of, and is 0 where the registry lost what it had (then nothing was claimed). A Redis that was
--          started again may have lost its last second: it counts as lost until that was looked at. -1 and the policy
--          where Redis may evict keys.
local sub, call = string.sub, redis.call
local alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
local base = KEYS[1]
local high = tonumber(call('HGET', base .. 'high', ARGV[2]) or '-1')
local claimedBefore = tonumber(ARGV[4])
local policy = mayEvict()
if policy then return {-1, policy, 0} end
local fill = wholeFill(base)
local filling = claimedBefore == -2 and call('EXISTS', base .. 'filling') == 1
if not filling and (not fill or claimedBefore == -2 or claimedBefore > high) then return {0, 0, 0} end

local generation = tonumber(ARGV[1])
local newest = tonumber(call('HGET', base .. 'span', 'newest'))
if generation > newest then
  call('HSET', base .. 'span', 'newest', generation)
  -- Only the newest two are kept. Once in some days, for some 50 ms; an expiry a bucket would cost a call for each id.
  for old = newest - 1, math.min(newest, generation - 2) do
    for first = 0, 63 do
      for second = 0, 63 do
        local letters = sub(alphabet, first + 1, first + 1) .. sub(alphabet, second + 1, second + 1)
        for part = 0, 15 do call('UNLINK', base .. old .. ':' .. letters .. string.format('%x', part)) end
      end
    end
  end
else
  generation = newest
end
local first = tonumber(call('HGET', base .. 'span', 'first'))

local current = base .. generation .. ':'
local before = first < generation and base .. (generation - 1) .. ':' or false
local result = {fill or '', generation, first}
local ids = ARGV[5]
for i = 0, #ids / 23 - 1 do
  local at = i * 23
  -- 65,536 buckets a generation: up to some 30 million ids they stay listpacks.
  local bucket = sub(ids, at + 1, at + 3)
  local field = sub(ids, at + 4, at + 15)
  local position = ARGV[2] .. sub(ids, at + 16, at + 23)
  local holder = before and call('HGET', before .. bucket, field)
  if not holder then
    if call('HSETNX', current .. bucket, field, position) == 0 then
      holder = call('HGET', current .. bucket, field)
    end
  end
  if holder and holder ~= position then result[#result + 1] = i end
end
if tonumber(ARGV[3]) > high then call('HSET', base .. 'high', ARGV[2], ARGV[3]) end
return result
