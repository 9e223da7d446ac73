-- Takes permits from the token buckets of one or many callers, by the generic cell rate algorithm (ITU-T I.371).
--
-- A caller has one hash with one field per policy: the theoretical arrival time (TAT), in microseconds of Unix time and, behind a
-- dot, at most three digits more. It is the moment at which the bucket is full again; no field is a full bucket.
--
-- KEYS  the hashes, one per caller. The same one may come several times.
-- ARGV  for each key in turn: the number of its policies, and for each of these
--         field    the name of the policy
--         permits  permits that come back in one window, above zero
--         window   the length of the window in microseconds
--         burst    the size of the bucket in permits
--         cost     permits to take from 0, which takes none and only looks, to burst
--
-- A caller gets the permits of all its policies or of none. The time is that of Redis, so that replicas need not agree on it.
--
-- Returns whole numbers, for each policy in turn: permits left, microseconds until the call could pass (0 when this policy lets it
-- pass, -1 when no time helps), and microseconds until the bucket is full.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

-- How far the TAT lies ahead of now, in microseconds. Numbers that are this small keep their digits; Unix time would lose them.
-- What is no time is a full bucket.
local function ahead(tat)
  local whole, part = string.match(tat or '', '^(%d+)%.?(%d*)$')
  if not whole then return 0 end
  return math.max(0, tonumber(whole) - now + (tonumber('0.' .. part) or 0))
end

-- The TAT that lies so far ahead, rounded down to a nanosecond, so that a burst of many roundings is never cut short.
local function tat_at(level)
  local whole = math.floor(level)
  local part = math.min(999, math.floor((level - whole) * 1000 + 0.0001))
  local text = string.format('%.0f', now + whole)
  return part > 0 and string.format('%s.%03d', text, part) or text
end

local function read(key, fields)
  local tats = redis.pcall('HMGET', key, unpack(fields))
  if not tats.err then return tats end
  if not string.find(tats.err, 'WRONGTYPE', 1, true) then return redis.call('HMGET', key, unpack(fields)) end
  redis.call('DEL', key)
  return {}
end

-- The key lives until its last bucket is full, and never shorter than before. Either order of the two commands leads there; the
-- likelier one comes first: a key that lacks its first field is a new one, most of the time.
local function write(key, changed, furthest, seems_new)
  redis.call('HSET', key, unpack(changed))
  local life = string.format('%.0f', math.ceil(furthest / 1000) + 1)
  local first, second = 'GT', 'NX'
  if seems_new then first, second = second, first end
  if redis.call('PEXPIRE', key, life, first) == 0 then redis.call('PEXPIRE', key, life, second) end
end

local answer, at = {}, 1
for _, key in ipairs(KEYS) do
  local count = tonumber(ARGV[at])
  local fields = {}
  for i = 1, count do fields[i] = ARGV[at + 1 + 5 * (i - 1)] end
  local tats = read(key, fields)

  local passes, buckets = true, {}
  for i = 1, count do
    local first = at + 1 + 5 * (i - 1)
    local permits, window = tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2])
    local burst, cost = tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4])
    local interval, size = window / permits, burst * window / permits
    local level = ahead(tats[i])
    -- Beyond its size a bucket only is when the limit was lowered or the clock stepped back.
    local bucket = { level = math.min(level, size), moved = level > size, interval = interval, size = size, wait = 0 }
    bucket.after = bucket.level + (cost or 0) * interval
    if not (cost and cost >= 0 and cost <= burst) then
      bucket.wait = -1
    elseif bucket.after > size + 0.001 then
      bucket.wait = math.max(1, math.ceil(bucket.after - size))
    end
    bucket.takes = bucket.wait == 0 and cost > 0
    passes = passes and bucket.wait == 0
    buckets[i] = bucket
  end

  local changed, furthest = {}, 0
  for i, bucket in ipairs(buckets) do
    local takes = passes and bucket.takes
    if takes then bucket.level = bucket.after end
    if takes or bucket.moved then
      changed[#changed + 1] = fields[i]
      changed[#changed + 1] = tat_at(bucket.level)
      furthest = math.max(furthest, bucket.level)
    end
    answer[#answer + 1] = math.max(0, math.floor((bucket.size - bucket.level) / bucket.interval + 0.000001))
    answer[#answer + 1] = bucket.wait
    answer[#answer + 1] = math.ceil(bucket.level)
  end
  if #changed > 0 then write(key, changed, furthest, not tats[1]) end
  at = at + 1 + 5 * count
end
return answer
