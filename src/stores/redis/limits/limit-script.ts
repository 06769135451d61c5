/**
 * Decides a batch of claims in Redis, at once and by its clock. What is counted of each key is read
 * once for the batch and written once, so a batch costs the server some Lua for each claim and two
 * commands for each key: 1,000 claims on one limit are one GET and one SET.
 */
import { redisScript } from '../connection.ts';

/** All keys have one hash tag: a batch is of one slot. */
const PREFIX = '{xingyun}:';

/** There as long as its holder, one front thread on one connection, is. */
export const HOLDER_PREFIX = `${PREFIX}holder:`;
export const KEY_PREFIXES = {
  rate: `${PREFIX}rate:`,
  concurrency: `${PREFIX}calls:`,
  quota: `${PREFIX}quota:`,
} as const;

/** How a limit is told to the script. */
export const RATE = 1;
export const CALLS = 2;
export const QUOTA = 3;
export const DAY = 1;
export const MONTH = 2;

/** Of what the script returns for each claim. */
export const ANSWER_NUMBERS = 5;

/*
 * KEYS[1] is the holder's; the others, from 2, are what limits count in.
 * ARGV[1] is JSON (LimitMessage):
 *   limits  {key, RATE, ns between calls, burst} | {key, CALLS, max, 0} |
 *           {key, QUOTA, DAY | MONTH, max}
 *   claims  lists of indexes into limits, from 1, in the order in which they refuse
 *   moved   {key, n}: calls in flight that came or went without being claimed here
 *   owed    {key, DAY | MONTH, n}: calls of quotas that a host took alone
 * Returns JSON, a flat list: 1 where the holder was known, then ANSWER_NUMBERS for each claim: the
 * place in the claim of the limit that refuses or 0, its wait in ms, the place of the limit that
 * has the smallest share left or 0, what is left of it, and the ms until all of it is there.
 *
 * A rate is the theoretical arrival time of GCRA as "seconds.nanoseconds": as one number it would
 * not fit into the 53 bits that Lua has. A quota is "window count", where days are counted from
 * 1970 and months from 1970 as well, above MONTHS. Calls in flight are a hash: one field for each
 * holder and their total. Holders that are gone are left out when the total stands in the way.
 */
const TEXT = `
local MONTHS = 524288
local DAY_MS = 86400000
local input = cjson.decode(ARGV[1])
local time = redis.call('TIME')
local now_s, now_us = tonumber(time[1]), tonumber(time[2])
local now_ms = now_s * 1000 + math.floor(now_us / 1000)
local known = 1
if input.attach then
  redis.call('SET', KEYS[1], '1', 'PX', input.ttlMs)
  if input.before then redis.call('DEL', input.before) end
elseif not redis.call('SET', KEYS[1], '1', 'XX', 'PX', input.ttlMs) then
  known = 0
end

-- Civil date of a day, and day of a civil date (H. Hinnant, chrono-compatible algorithms).
local function month_of(day)
  local z = day + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524)
    - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return (year - 1970) * 12 + month - 1
end
local function first_day_of(month)
  local year = 1970 + math.floor(month / 12)
  local m = month % 12 + 1
  if m <= 2 then year = year - 1 end
  local era = math.floor(year / 400)
  local yoe = year - era * 400
  local doy = math.floor((153 * (m + (m > 2 and -3 or 9)) + 2) / 5)
  return era * 146097 + yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy - 719468
end
local today = math.floor(now_ms / DAY_MS)
local current = { today, MONTHS + month_of(today) }
local function end_of(window)
  if window < MONTHS then return (window + 1) * DAY_MS end
  return first_day_of(window - MONTHS + 1) * DAY_MS
end

-- Nanoseconds that the theoretical arrival time is ahead of now.
local ahead, charged = {}, {}
local function rate_at(key)
  if not ahead[key] then
    local s, ns = string.match(redis.call('GET', KEYS[key]) or '', '^(%d+)%.(%d+)$')
    ahead[key] = s and math.max(0, (s - now_s) * 1e9 + ns - now_us * 1000) or 0
  end
  return ahead[key]
end

local quotas = {}
local function quota_at(key, kind)
  local quota = quotas[key]
  if not quota then
    local window, count = string.match(redis.call('GET', KEYS[key]) or '', '^(%d+) (%d+)$')
    quota = { window = tonumber(window or 0), count = tonumber(count or 0) }
    -- A clock that is set back goes on in the window that it was in.
    if quota.window < current[kind] then quota.window, quota.count = current[kind], 0 end
    quotas[key] = quota
  end
  return quota
end

local calls = {}
local function calls_at(key)
  local entry = calls[key]
  if not entry then
    local found = redis.call('HMGET', KEYS[key], 'total', input.holder)
    entry = { total = tonumber(found[1] or 0), own = tonumber(found[2] or 0), delta = 0 }
    calls[key] = entry
  end
  return entry
end
local function move(entry, n)
  entry.delta = math.max(entry.delta + n, -entry.own)
end
local holders = { [input.holder] = true, total = true }
local function leave_out_gone(key, entry)
  entry.swept = true
  local fields = redis.call('HGETALL', KEYS[key])
  local total = 0
  for i = 1, #fields, 2 do
    local holder = fields[i]
    if holders[holder] == nil then
      holders[holder] = redis.call('EXISTS', input.holders .. holder) == 1
    end
    if not holders[holder] then redis.call('HDEL', KEYS[key], holder)
    elseif holder ~= 'total' then total = total + tonumber(fields[i + 1]) end
  end
  entry.total = total
end

for _, each in ipairs(input.moved) do move(calls_at(each[1]), each[2]) end
for _, each in ipairs(input.owed) do
  local quota = quota_at(each[1], each[2])
  quota.count = quota.count + each[3]
  quota.changed = true
end

local out = { known }
local function answer(refused, wait, tight, left, reset)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5] = refused, wait, tight, left, reset
end
for _, claim in ipairs(input.claims) do
  local refused, wait, tight, left, reset, least = 0, 0, 0, 0, 0, math.huge
  for place, index in ipairs(claim) do
    local key, kind, a, b = unpack(input.limits[index])
    local share, remaining, reset_ms = math.huge, 0, 0
    if kind == ${RATE} then
      local ns, most = rate_at(key), (b - 1) * a
      if ns > most then
        refused, wait, tight, left, reset =
          place, math.ceil((ns - most) / 1e6), place, 0, math.ceil(ns / 1e6)
        break
      end
      remaining = math.floor((most - ns) / a)
      share, reset_ms = remaining / b, math.ceil((ns + a) / 1e6)
    elseif kind == ${QUOTA} then
      local quota = quota_at(key, a)
      reset_ms = math.max(1, end_of(quota.window) - now_ms)
      if quota.count >= b then
        refused, wait, tight, left, reset = place, reset_ms, place, 0, reset_ms
        break
      end
      remaining = b - quota.count - 1
      share = remaining / b
    else
      local entry = calls_at(key)
      if entry.total + entry.delta >= a and not entry.swept then leave_out_gone(key, entry) end
      if entry.total + entry.delta >= a then
        refused, wait = place, 0
        -- What would be left after this call is left, and the call as well.
        if tight > 0 then left = left + 1 end
        break
      end
    end
    if share < least then least, tight, left, reset = share, place, remaining, reset_ms end
  end
  if refused == 0 then
    for _, index in ipairs(claim) do
      local key, kind, a = unpack(input.limits[index])
      if kind == ${RATE} then
        ahead[key], charged[key] = ahead[key] + a, true
      elseif kind == ${QUOTA} then
        quotas[key].count = quotas[key].count + 1
        quotas[key].changed = true
      else
        calls[key].delta = calls[key].delta + 1
      end
    end
  end
  answer(refused, wait, tight, left, reset)
end

for key in pairs(charged) do
  local at_ns = now_us * 1000 + ahead[key]
  local s = math.floor(at_ns / 1e9)
  local value = string.format('%d.%09d', now_s + s, at_ns - s * 1e9)
  redis.call('SET', KEYS[key], value, 'PX', string.format('%d', math.ceil(ahead[key] / 1e6)))
end
for key, quota in pairs(quotas) do
  if quota.changed then
    redis.call('SET', KEYS[key], string.format('%d %d', quota.window, quota.count),
      'PX', string.format('%d', math.max(1, end_of(quota.window) - now_ms)))
  end
end
for key, entry in pairs(calls) do
  if entry.delta ~= 0 or entry.swept then
    local total = entry.total + entry.delta
    if total <= 0 then
      redis.call('DEL', KEYS[key])
    else
      local own = entry.own + entry.delta
      redis.call('HSET', KEYS[key], 'total', total, input.holder, own)
      if own == 0 then redis.call('HDEL', KEYS[key], input.holder) end
      redis.call('PEXPIRE', KEYS[key], input.callsTtlMs)
    end
  end
end
return cjson.encode(out)
`;

export const LIMIT_SCRIPT = redisScript(TEXT);
