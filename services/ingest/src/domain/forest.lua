-- The forest of identities: unions of a person's identifiers, and dated membership of persons in accounts.
-- Every outcome is independent of the order of the links: a contact's id is its strongest, then smallest key; its
-- client is the account whose first evidence is the newest.
--
-- KEYS[1]  prefix of the forest, such as keypulse:{identity}:
-- ARGV[1]  'missing': returns the numbers (from 0) of links that are new or now proven earlier
--          'apply': applies links, marks keys whose contact or client changed in <prefix>dirty, returns their number
-- ARGV[2]  links as JSON: [{l: left key, a: left rank, r: right key, b: right rank, k: kind of link, t: epoch ms}]
--          kind of link: 's' seen (l = r), 'p' same person, 'm' person l is a member of account r
-- Keys: root (key -> root), n:<root> (members of a tree of two or more), best:<root> (rank .. key),
--       of:<root> (account -> first ms), link:<xx> (link -> first ms), dirty (key -> contact|client|version), clock
local P = KEYS[1]
local nobody = '00000000-0000-0000-0000-000000000000'
local links = cjson.decode(ARGV[2])

local function linkSlot(x)
  local field = x.k .. x.l .. (x.l ~= x.r and x.r or '')
  return P .. 'link:' .. string.sub(x.r, 1, 3), field
end

local function isNew(x)
  local slot, field = linkSlot(x)
  local first = redis.call('HGET', slot, field)
  return not first or (x.k == 'm' and x.t < tonumber(first))
end

if ARGV[1] == 'missing' then
  local missing = {}
  for i, x in ipairs(links) do
    if isNew(x) then missing[#missing + 1] = i - 1 end
  end
  return missing
end

-- Versions only grow, also after Redis was emptied: they follow its clock in microseconds.
local time = redis.call('TIME')
local version = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(redis.call('GET', P .. 'clock') or '0') + 1)
redis.call('SET', P .. 'clock', string.format('%.0f', version))
version = string.format('%.0f', version)

local function members(root)
  local all = redis.call('SMEMBERS', P .. 'n:' .. root)
  if #all == 0 then all = { root } end
  return all
end

local function clientOf(root, best)
  local accounts = redis.call('HGETALL', P .. 'of:' .. root)
  local client, newest = nil, nil
  for i = 1, #accounts, 2 do
    local first = tonumber(accounts[i + 1])
    if not newest or first > newest or (first == newest and accounts[i] < client) then
      client, newest = accounts[i], first
    end
  end
  return client or string.sub(best, 2)
end

local function label(root)
  local best = redis.call('GET', P .. 'best:' .. root)
  return string.sub(best, 2) .. '|' .. clientOf(root, best)
end

local function markAll(root, text)
  for _, key in ipairs(members(root)) do redis.call('HSET', P .. 'dirty', key, text .. '|' .. version) end
end

local function rootOf(key, rank)
  local root = redis.call('HGET', P .. 'root', key)
  if root then return root end
  redis.call('HSET', P .. 'root', key, key)
  redis.call('SET', P .. 'best:' .. key, rank .. key)
  redis.call('HSET', P .. 'dirty', key, key .. '|' .. key .. '|' .. version)
  return key
end

local function isEarlier(table, account, first)
  local known = redis.call('HGET', table, account)
  return not known or first < tonumber(known)
end

local function union(a, b)
  local large, small = a, b
  if redis.call('SCARD', P .. 'n:' .. a) < redis.call('SCARD', P .. 'n:' .. b) then large, small = b, a end
  local before = label(large)
  local moved = members(small)
  redis.call('SADD', P .. 'n:' .. large, large)
  for _, key in ipairs(moved) do
    redis.call('HSET', P .. 'root', key, large)
    redis.call('SADD', P .. 'n:' .. large, key)
  end
  redis.call('DEL', P .. 'n:' .. small)
  local bestLarge, bestSmall = redis.call('GET', P .. 'best:' .. large), redis.call('GET', P .. 'best:' .. small)
  if bestSmall < bestLarge then redis.call('SET', P .. 'best:' .. large, bestSmall) end
  redis.call('DEL', P .. 'best:' .. small)
  local accounts = redis.call('HGETALL', P .. 'of:' .. small)
  for i = 1, #accounts, 2 do
    if isEarlier(P .. 'of:' .. large, accounts[i], tonumber(accounts[i + 1])) then
      redis.call('HSET', P .. 'of:' .. large, accounts[i], accounts[i + 1])
    end
  end
  redis.call('DEL', P .. 'of:' .. small)
  local after = label(large)
  if after ~= before then
    markAll(large, after)
  else
    for _, key in ipairs(moved) do redis.call('HSET', P .. 'dirty', key, after .. '|' .. version) end
  end
end

for _, x in ipairs(links) do
  if isNew(x) then
    if x.k == 's' and x.a == 0 then
      redis.call('HSET', P .. 'dirty', x.l, nobody .. '|' .. x.l .. '|' .. version)
    elseif x.k == 's' then
      rootOf(x.l, x.a)
    elseif x.k == 'p' then
      local a, b = rootOf(x.l, x.a), rootOf(x.r, x.b)
      if a ~= b then union(a, b) end
    else
      local root = rootOf(x.l, x.a)
      if isEarlier(P .. 'of:' .. root, x.r, x.t) then
        local before = label(root)
        redis.call('HSET', P .. 'of:' .. root, x.r, string.format('%.0f', x.t))
        local after = label(root)
        if after ~= before then markAll(root, after) end
      end
    end
    local slot, field = linkSlot(x)
    redis.call('HSET', slot, field, string.format('%.0f', x.t))
  end
end
return redis.call('HLEN', P .. 'dirty')
