"""What a Redis server does in one step.

Times are milliseconds of the server's clock, the only one its clients share.
"""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Script:
    """A Lua script, called by its hash once the server knows it."""

    text: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        # The server names scripts by SHA-1; no secret hangs on it.
        object.__setattr__(self, "sha", hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest())


TICKET = Script("""
-- KEYS value lease; ARGV token lease_ms
local value = redis.call('GET', KEYS[1])
if value then return {'value', value} end
redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
return {'lease', redis.call('GET', KEYS[2])}
""")

SETTLE = Script("""
-- KEYS value lease; ARGV token raw ttl_ms
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if tonumber(ARGV[3]) > 0 then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
redis.call('DEL', KEYS[2])
return 1
""")

SET = Script("""
-- KEYS value lease; ARGV raw ttl_ms
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[2])
return 1
""")

HIT = Script("""
-- KEYS counter; ARGV window_ms
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
""")

# A message is its payload, a time (when it is due, or in `dead` when it died) and how often it was delivered:
# a number that also says who may acknowledge it, and that is negative once nobody may.
_QUEUE = """
local due, payloads, deliveries, dead, bell = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function bury(id, kept)
  redis.call('ZREM', due, id)
  redis.call('ZADD', dead, now, id)
  for _, old in ipairs(redis.call('ZRANGE', dead, 0, -(kept + 1))) do
    redis.call('ZREM', dead, old)
    redis.call('HDEL', payloads, old)
    redis.call('HDEL', deliveries, old)
  end
end

-- One stroke is enough: a list longer than nobody waiting would only make consumers look in vain.
local function ring()
  redis.call('LPUSH', bell, '1')
  redis.call('LTRIM', bell, 0, 0)
end
"""

PUSH = Script(
    _QUEUE
    + """
-- ARGV id payload; the id is the client's, so that a push repeated over a lost line adds nothing
redis.call('HSET', payloads, ARGV[1], ARGV[2])
redis.call('ZADD', due, 'NX', now, ARGV[1])
ring()
return 1
"""
)

CLAIM = Script(
    _QUEUE
    + """
-- ARGV visibility_ms max_deliveries dead_kept; bounded, so that nobody waits long for a server burying many
for _ = 1, 100 do
  local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
  if not first[1] then return {} end
  local id = first[1]
  if tonumber(first[2]) > now then return {tonumber(first[2]) - now} end
  local made = math.abs(tonumber(redis.call('HGET', deliveries, id) or '0'))
  if made < tonumber(ARGV[2]) then
    -- A full server refuses what takes memory, unless the script freed some first: queues can be emptied.
    redis.call('ZREM', due, id)
    redis.call('HSET', deliveries, id, made + 1)
    redis.call('ZADD', due, now + ARGV[1], id)
    return {id, redis.call('HGET', payloads, id), made + 1}
  end
  bury(id, tonumber(ARGV[3]))
end
return {0}
"""
)

ACK = Script(
    _QUEUE
    + """
-- ARGV id attempt
if redis.call('HGET', deliveries, ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('ZREM', due, ARGV[1])
redis.call('ZREM', dead, ARGV[1])
redis.call('HDEL', payloads, ARGV[1])
redis.call('HDEL', deliveries, ARGV[1])
return 1
"""
)

NACK = Script(
    _QUEUE
    + """
-- ARGV id attempt delay_ms max_deliveries dead_kept
if redis.call('HGET', deliveries, ARGV[1]) ~= ARGV[2] then return 0 end
if not redis.call('ZSCORE', due, ARGV[1]) then return 0 end
redis.call('HSET', deliveries, ARGV[1], -ARGV[2])
if tonumber(ARGV[2]) >= tonumber(ARGV[4]) then
  bury(ARGV[1], tonumber(ARGV[5]))
  return 1
end
redis.call('ZADD', due, now + ARGV[3], ARGV[1])
ring()
return 1
"""
)

DEAD = Script(
    _QUEUE
    + """
-- ARGV limit
local found = {}
for _, id in ipairs(redis.call('ZREVRANGE', dead, 0, ARGV[1] - 1)) do
  local made = math.abs(tonumber(redis.call('HGET', deliveries, id)))
  found[#found + 1] = {id, redis.call('HGET', payloads, id), made}
end
return found
"""
)
