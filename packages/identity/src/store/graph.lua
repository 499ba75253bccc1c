-- The graph of identities: which links are known, in connected parts. Who is who is worked out outside, from a part's
-- links alone; so nothing here depends on the order in which links come.
--
-- KEYS[1]  prefix of the graph, such as keypulse:{identity}:
-- ARGV[1]  fingerprint of the settings that the caller works by
-- ARGV[2]  command:
--   missing LINKS          -> numbers (from 0) of links that are new or now proven earlier
--   add LINKS ENDS         -> {version, keys that are new, {part, {what it was made of}}...}; ENDS are owed till `paid`
--   load LINKS             -> as add, where all of it will be read at the end: nothing is answered or owed
--   alone KEYS             -> those of them that have no link
--   read KEYS              -> {version, keys without a part, {part}...}
--   prune KEYS             -> forgets links that join these values, which are shared, from now on too
--   cut LINKS ENDS         -> as add, after these links were removed, whatever their time
--   release KEYS           -> these values may join again
--   drop KEYS              -> these keys, which have no links any more, were never known
--
-- A link is 41 bytes: left key 16, right key 16, rule, kind of left, kind of right, time as 6 bytes, big end first.
-- Rules: see link.ts; those below 'j' in `joins` connect both ends, the others are about the left end alone.
-- Keys in Redis: r:<bucket> (rest of key -> id of its part, or '' where it is alone), c:<id> (links of a part),
--   aside (shared value -> 1), owed (version -> ends), clock, settings
local P = KEYS[1]
local size = 41
local joins = { [1] = true, [2] = true, [3] = true, [6] = true, [7] = true }

local known = redis.call('GET', P .. 'settings')
if known ~= ARGV[1] then return redis.error_reply(known and 'SETTINGS differ' or 'EMPTY graph') end

local function slot(key)
  return P .. 'r:' .. string.sub(key, 1, 2) .. string.char(math.floor(string.byte(key, 3) / 64)), string.sub(key, 3)
end
local function partOf(key)
  local bucket, field = slot(key)
  return redis.call('HGET', bucket, field)
end
local function setPart(key, id)
  local bucket, field = slot(key)
  redis.call('HSET', bucket, field, id)
end

local function timeAt(text, at)
  local a, b, c, d, e, f = string.byte(text, at + 35, at + 40)
  return ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
end
local function find(links, head)
  local from = 1
  while true do
    local at = string.find(links, head, from, true)
    if not at then return nil end
    if (at - 1) % size == 0 then return at end
    from = at + 1
  end
end

local anyAside = redis.call('EXISTS', P .. 'aside') == 1
local function isAside(key) return anyAside and redis.call('HEXISTS', P .. 'aside', key) == 1 end

local parts = {}
local function load(id)
  local part = parts[id]
  if not part then
    local links = redis.call('GET', P .. 'c:' .. id) or ''
    part = { id = id, links = links, before = { links } }
    parts[id] = part
  end
  return part
end

local command = ARGV[2]
local given = ARGV[3]

if command == 'missing' then
  local missing = {}
  for at = 1, #given, size do
    local l, r = string.sub(given, at, at + 15), string.sub(given, at + 16, at + 31)
    local rule = string.byte(given, at + 32)
    local isNew
    local part = partOf(l)
    if rule == 0 then isNew = not part
    elseif joins[rule] and (isAside(l) or isAside(r)) then isNew = not part or not partOf(r)
    elseif not part or part == '' then isNew = true
    else
      local links = load(part).links
      local found = find(links, string.sub(given, at, at + 32))
      isNew = not found or timeAt(given, at) < timeAt(links, found)
    end
    if isNew then missing[#missing + 1] = (at - 1) / size end
  end
  return missing
end

-- Versions only grow, also after Redis was emptied: they follow its clock in microseconds.
local time = redis.call('TIME')
local version = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(redis.call('GET', P .. 'clock') or '0') + 1)
redis.call('SET', P .. 'clock', string.format('%.0f', version))
version = string.format('%.0f', version)

if command == 'alone' then
  local alone = {}
  for at = 1, #given, 16 do
    local key = string.sub(given, at, at + 15)
    if partOf(key) == '' then alone[#alone + 1] = key end
  end
  return table.concat(alone)
end

if command == 'read' then
  local alone, answer, told = {}, { version, '' }, {}
  for at = 1, #given, 16 do
    local key = string.sub(given, at, at + 15)
    local id = partOf(key)
    if id == '' then alone[#alone + 1] = key
    elseif id and not told[id] then
      told[id] = true
      answer[#answer + 1] = { load(id).links }
    end
  end
  answer[2] = table.concat(alone)
  return answer
end

local fresh, changed = {}, {}

local function see(key)
  local id = partOf(key)
  if not id then
    fresh[#fresh + 1] = key
    setPart(key, '')
    return ''
  end
  return id
end
-- The part that a key is in; a key that was alone gets one.
local function open(key)
  local id = see(key)
  if id ~= '' then return load(id) end
  setPart(key, key)
  local part = { id = key, links = '', before = {} }
  parts[key] = part
  return part
end

local function membersOf(part)
  local members = { [part.id] = part.links == '' or nil }
  for at = 1, #part.links, size do
    members[string.sub(part.links, at, at + 15)] = true
    if joins[string.byte(part.links, at + 32)] then members[string.sub(part.links, at + 16, at + 31)] = true end
  end
  return members
end

local function join(a, b)
  if a.id == b.id then return a end
  if #a.links < #b.links then a, b = b, a end
  for key in pairs(membersOf(b)) do setPart(key, a.id) end
  a.links = a.links .. b.links
  for _, text in ipairs(b.before) do a.before[#a.before + 1] = text end
  redis.call('DEL', P .. 'c:' .. b.id)
  parts[b.id] = nil
  changed[b.id] = nil
  return a
end

local function take(at)
  local l, r = string.sub(given, at, at + 15), string.sub(given, at + 16, at + 31)
  local rule = string.byte(given, at + 32)
  if rule == 0 then see(l) return end
  if (rule == 1 or rule == 2 or rule == 3) and (isAside(l) or isAside(r)) then see(l) see(r) return end
  local part = open(l)
  if joins[rule] then part = join(part, open(r)) end
  local found = find(part.links, string.sub(given, at, at + 32))
  if not found then
    part.links = part.links .. string.sub(given, at, at + 40)
  elseif timeAt(given, at) < timeAt(part.links, found) then
    part.links = string.sub(part.links, 1, found + 34) .. string.sub(given, at + 35, at + 40) .. string.sub(part.links, found + 41)
  else return end
  changed[part.id] = true
end

local function cut(at)
  local id = partOf(string.sub(given, at, at + 15))
  if not id or id == '' then return end
  local part = load(id)
  local found = find(part.links, string.sub(given, at, at + 32))
  if not found then return end
  -- Ends that have no other link stay in the part by a link of their own.
  part.links = string.sub(part.links, 1, found - 1) .. string.sub(part.links, found + 41)
  changed[id] = true
end

-- Writes a part whose links may have come apart: each connected piece becomes a part of its own.
local function rewrite(part, members)
  local root, pieces = {}, {}
  local function rootOf(key)
    while root[key] do key = root[key] end
    return key
  end
  local links = part.links
  for at = 1, #links, size do
    if joins[string.byte(links, at + 32)] then
      local a, b = rootOf(string.sub(links, at, at + 15)), rootOf(string.sub(links, at + 16, at + 31))
      if a ~= b then root[a] = b end
    end
  end
  for at = 1, #links, size do
    local top = rootOf(string.sub(links, at, at + 15))
    pieces[top] = pieces[top] or {}
    table.insert(pieces[top], string.sub(links, at, at + 40))
  end
  redis.call('DEL', P .. 'c:' .. part.id)
  for key in pairs(members) do
    local top = rootOf(key)
    setPart(key, pieces[top] and top or '')
  end
  for top, list in pairs(pieces) do redis.call('SET', P .. 'c:' .. top, table.concat(list)) end
end

if command == 'prune' then
  for at = 1, #given, 16 do
    local key = string.sub(given, at, at + 15)
    redis.call('HSET', P .. 'aside', key, '1')
    local id = partOf(key)
    if id and id ~= '' then
      local part = load(id)
      local members = membersOf(part)
      members[key] = true
      local kept = {}
      for from = 1, #part.links, size do
        local rule = string.byte(part.links, from + 32)
        local touches = string.sub(part.links, from, from + 15) == key or string.sub(part.links, from + 16, from + 31) == key
        if not (touches and (rule == 1 or rule == 2 or rule == 3)) then kept[#kept + 1] = string.sub(part.links, from, from + 40) end
      end
      part.links = table.concat(kept)
      rewrite(part, members)
      parts = {}
    end
  end
  return 'OK'
end

if command == 'release' then
  for at = 1, #given, 16 do redis.call('HDEL', P .. 'aside', string.sub(given, at, at + 15)) end
  return 'OK'
end

if command == 'drop' then
  for at = 1, #given, 16 do
    local key = string.sub(given, at, at + 15)
    local bucket, field = slot(key)
    redis.call('HDEL', bucket, field)
    redis.call('HDEL', P .. 'aside', key)
  end
  return 'OK'
end

local before = {}
if command == 'cut' then
  for at = 1, #given, size do
    local id = partOf(string.sub(given, at, at + 15))
    if id and id ~= '' and not before[id] then before[id] = membersOf(load(id)) end
  end
  for at = 1, #given, size do cut(at) end
else
  for at = 1, #given, size do take(at) end
end

if command == 'load' then
  for id in pairs(changed) do redis.call('SET', P .. 'c:' .. id, parts[id].links) end
  return 'OK'
end

local answer = { version, table.concat(fresh) }
for id in pairs(changed) do
  local part = parts[id]
  if command == 'cut' then rewrite(part, before[id])
  else redis.call('SET', P .. 'c:' .. id, part.links) end
  answer[#answer + 1] = { part.links, part.before }
end
redis.call('HSET', P .. 'owed', version, ARGV[4])
return answer
