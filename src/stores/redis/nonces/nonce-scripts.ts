/**
 * Nonces of all hosts. A marker beside them says from when on they are all there: where it is not
 * what it was, Redis was emptied, or is another one, and what was accepted before is not known.
 */
import { redisScript } from '../connection.ts';

const PREFIX = '{xingyun}:';
export const MARKER_KEY = `${PREFIX}nonces-since`;
export const NONCE_PREFIX = `${PREFIX}nonce:`;

/*
 * KEYS[1] is the marker, "run_id ms": the server that holds the nonces since then. A server that
 * was started again has another run_id: what it read from its disk may lack the latest nonces, as
 * may a replica that became the primary. Returns the marker.
 */
export const ATTACH_SCRIPT = redisScript(`
local input = cjson.decode(ARGV[1])
local marker = redis.call('GET', KEYS[1])
if marker and string.match(marker, '^(%x+) %d+$') == input.runId then return marker end
local time = redis.call('TIME')
local now_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
-- The later of two clocks: signatures are held against those of the hosts.
marker = input.runId .. ' ' .. string.format('%d', math.max(now_ms, input.wallMs))
redis.call('SET', KEYS[1], marker)
return marker
`);

/*
 * KEYS[1] is the marker, the others are nonces. Returns a character for each nonce, 1 where it is
 * fresh and 0 where it was seen; nothing at all, and claims nothing, where the marker is another.
 */
export const CLAIM_SCRIPT = redisScript(`
local input = cjson.decode(ARGV[1])
if redis.call('GET', KEYS[1]) ~= input.marker then return '' end
local out = {}
for i, ttl_ms in ipairs(input.ttlsMs) do
  local fresh = redis.call('SET', KEYS[i + 1], '', 'NX', 'PX', string.format('%d', ttl_ms))
  out[i] = fresh and '1' or '0'
end
return table.concat(out)
`);
