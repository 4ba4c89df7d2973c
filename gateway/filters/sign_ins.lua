-- Who is let in again from memory, who is asked for, and who has had enough for a moment.
--
-- Sign-ins. tokens answers a check with how long its answer holds, at most a second, and waits that long before it
-- acknowledges a revocation: after that nobody remembers what was before (docs/decisions/0029). Time here counts from
-- before tokens was asked, and goes on while this process or the machine sleeps, so it ends no later than tokens thinks
-- it does. Only who was let in is remembered. Whatever goes wrong here, tokens is asked.
--
-- Limits. How often tokens is asked, and how many requests of one credential are under way, has a limit, so that nobody
-- keeps others from being answered. A credential that was let in lately is not held up by what else its address sends.
--
-- Refusals. What is over a limit is refused at once. Who is refused again and again, here or by a service, is slowed:
-- few of their requests go on, and the refusal of the others waits before it is told (docs/decisions/0042). The filter
-- after this one waits and refuses, and does so for nobody but those whom the headers that are set here name.

local ffi = require("ffi")
ffi.cdef([[
typedef struct { long seconds; long nanoseconds; } paas_time;
int clock_gettime(int clock, paas_time *time);
]])
local CLOCK_BOOTTIME = 7 -- linux/time.h
local LONGEST = 1 -- seconds that an answer of tokens may hold, and after which what is counted is counted anew
local MOST = 4096 -- credentials and addresses that are remembered at most, in each of the tables
local CHECKS_OF_CREDENTIAL = 64 -- in a second
local CHECKS_OF_ADDRESS = 256 -- in a second, of credentials that nobody knows
-- Requests of a credential that came within this second and are not answered. It is twice what one service takes of it,
-- so that who calls several of them, or one with several processes, meets their limits first.
local UNANSWERED = 256
-- Refusals within a second or two after which a caller is slowed. It is what one service takes of a credential at once:
-- who sends twice that at once, and waits before trying again, is not slowed.
local SLOWED_AFTER = 128
local PASS_SLOWED = 64 -- requests of a slowed credential that go on, in a second
-- Milliseconds that a slowed refusal waits: the first, and by chance up to the second more, so that a thousand that came
-- together don't come again together. All in all less than REQUEST_TIMEOUT in gateway/limits/bounds.py.
local WAIT, SPREAD = 1000, 1000
-- Refusals that begin to wait in a second, of all callers. Each takes memory while it does; the rest is told at once.
local MOST_WAIT = 1024

local OURS = "paas.sign_ins"
local CHECK = "envoy.filters.http.ext_authz"
local RESOURCE_EXHAUSTED = "8" -- google.rpc.Code, as it stands in grpc-status

local time = ffi.new("paas_time")
local function now()
  ffi.C.clock_gettime(CLOCK_BOOTTIME, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

-- What is known of a credential from an address, or of an address, is in two tables, of which the older is dropped
-- whole, so that no text of a token stays for more than two seconds after its request was answered.
local newer, older, count, waiting, since = {}, {}, 0, 0, now()
local NOBODY = { checks = 0, passed = 0, unanswered = 0, refusals = 0 }

local function age(at)
  if at - since >= LONGEST or count >= MOST then
    older = at - since < 2 * LONGEST and newer or {}
    newer, count, waiting, since = {}, 0, 0, at
  end
end

-- What is known of `key` in this second, to be added to.
local function caller(key)
  local known = newer[key]
  if not known then
    known = { checks = 0, passed = 0, unanswered = 0, refusals = 0 }
    newer[key] = known
    count = count + 1
  end
  return known
end

local function is_slowed(key)
  return (newer[key] or NOBODY).refusals + (older[key] or NOBODY).refusals >= SLOWED_AFTER
end

-- Whether a credential has had what it may have for now.
local function has_enough(key)
  local had = newer[key] or NOBODY
  return had.unanswered >= UNANSWERED or (had.passed >= PASS_SLOWED and is_slowed(key))
end

-- Have the next filter refuse a request, and count it for `key` once that is told.
local function refuse(headers, metadata, key)
  metadata:set(OURS, "refused", key)
  headers:replace("x-paas-refused", "yes")
  if waiting < MOST_WAIT and is_slowed(key) then
    waiting = waiting + 1
    headers:replace("x-envoy-fault-delay-request", tostring(WAIT + math.random(0, SPREAD)))
  end
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local metadata = handle:streamInfo():dynamicMetadata()
  -- The address is part of the signed identity. It comes with the port, which differs from connection to connection.
  local address = handle:streamInfo():downstreamRemoteAddress():gsub(":%d+$", "")
  local at = now()
  age(at)
  local asked_of_address = (newer[address] or NOBODY).checks
  if headers:getNumValues("authorization") ~= 1 then
    if asked_of_address >= CHECKS_OF_ADDRESS then
      refuse(headers, metadata, address)
    else
      caller(address).checks = asked_of_address + 1
    end
    return
  end
  local key = address .. " " .. headers:get("authorization")
  local sign_in = (newer[key] or NOBODY).sign_in or (older[key] or NOBODY).sign_in
  local is_known = sign_in and at < sign_in.ends
  -- What is over the limit of one credential takes nothing from those who share its address.
  if has_enough(key) or (not is_known and (newer[key] or NOBODY).checks >= CHECKS_OF_CREDENTIAL) then
    refuse(headers, metadata, key)
    return
  end
  if not sign_in then
    -- Before anything is kept of it: who tries one text after the other must not fill the tables with them.
    if asked_of_address >= CHECKS_OF_ADDRESS then
      refuse(headers, metadata, address)
      return
    end
    caller(address).checks = asked_of_address + 1
  end
  local mine = caller(key)
  mine.passed, mine.unanswered = mine.passed + 1, mine.unanswered + 1
  metadata:set(OURS, "key", key)
  if is_known then
    headers:replace("x-paas-identity", sign_in.identity)
    headers:remove("authorization")
    metadata:set(OURS, "known", true)
  else
    mine.checks = mine.checks + 1
    metadata:set(OURS, "at", at)
  end
end

function envoy_on_response(handle)
  local metadata = handle:streamInfo():dynamicMetadata()
  local asked = metadata:get(OURS)
  if not asked then
    return
  end
  local at = now()
  age(at)
  local told = handle:headers()
  -- To a call in JSON the status is told as HTTP has it, and the other is taken away.
  if told:get("grpc-status") == RESOURCE_EXHAUSTED or told:get(":status") == "429" then
    local refused = caller(asked.refused or asked.key)
    refused.refusals = refused.refusals + 1
  end
  if asked.refused then
    return
  end
  -- What came in the second before is not counted any more, so there may be more answers than requests.
  local mine = caller(asked.key)
  mine.unanswered = math.max(mine.unanswered - 1, 0)
  local answered = not asked.known and metadata:get(CHECK)
  if answered and answered.identity and answered.holds_seconds and answered.holds_seconds <= LONGEST then
    local ends = asked.at + answered.holds_seconds
    if at < ends then
      mine.sign_in = { identity = answered.identity, ends = ends }
    end
  end
end
