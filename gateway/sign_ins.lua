-- Sign-ins from memory, for as long as tokens said that they hold, so that tokens is not asked for each request.
--
-- tokens answers a check with how long its answer holds, at most a second, and waits that long before it acknowledges a
-- revocation: after that nobody remembers what was before (docs/decisions/0029). Time here counts from before tokens was
-- asked, and goes on while this process or the machine sleeps, so it ends no later than tokens thinks it does.
-- Only who was let in is remembered. Whatever goes wrong here, tokens is asked.
--
-- How often tokens is asked has a limit for each credential and for each address, so that nobody keeps it from answering
-- others. A credential that was let in lately is not held up by what else comes from its address.

local ffi = require("ffi")
ffi.cdef([[
typedef struct { long seconds; long nanoseconds; } paas_time;
int clock_gettime(int clock, paas_time *time);
]])
local CLOCK_BOOTTIME = 7 -- linux/time.h
local LONGEST = 1 -- seconds that an answer of tokens may hold
local MOST = 4096 -- credentials and addresses that are remembered at most, in each of the tables
local CHECKS_OF_CREDENTIAL = 64 -- in a second
local CHECKS_OF_ADDRESS = 256 -- in a second, of credentials that nobody knows

local OURS = "paas.sign_ins"
local CHECK = "envoy.filters.http.ext_authz"

local time = ffi.new("paas_time")
local function now()
  ffi.C.clock_gettime(CLOCK_BOOTTIME, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

-- Sign-ins are in two tables, of which the older is dropped whole, so that no text of a token stays for more than two
-- seconds. What is counted is counted anew each second.
local newer, older, checks, count, since = {}, {}, {}, 0, now()

local function age(at)
  if at - since >= LONGEST or count >= MOST then
    older = at - since < 2 * LONGEST and newer or {}
    newer, checks, count, since = {}, {}, 0, at
  end
end

-- Whether `key` has had as many checks in this second as it may.
local function had_all(key, most)
  return (checks[key] or 0) >= most
end

-- One more check for `key`; whether it has had too many in this second.
local function too_many(key, most)
  local had = checks[key] or 0
  if had == 0 then
    count = count + 1
  end
  checks[key] = had + 1
  return had >= most
end

local function refuse(handle)
  handle:respond({
    [":status"] = "200",
    ["content-type"] = "application/grpc",
    ["grpc-status"] = "8",
    ["grpc-message"] = "Too many requests at once with this token, or from this address. Nothing was done; try again in a moment.",
  }, "")
end

function envoy_on_request(handle)
  local headers = handle:headers()
  -- The address is part of the signed identity. It comes with the port, which differs from connection to connection.
  local address = handle:streamInfo():downstreamRemoteAddress():gsub(":%d+$", "")
  local at = now()
  age(at)
  if headers:getNumValues("authorization") ~= 1 then
    if too_many(address, CHECKS_OF_ADDRESS) then
      refuse(handle)
    end
    return
  end
  local key = address .. " " .. headers:get("authorization")
  local known = newer[key] or older[key]
  local metadata = handle:streamInfo():dynamicMetadata()
  if known and at < known.ends then
    headers:replace("x-paas-identity", known.identity)
    headers:remove("authorization")
    metadata:set(OURS, "known", true)
  -- What is over the limit of one credential takes nothing from those who share its address.
  elseif had_all(key, CHECKS_OF_CREDENTIAL) then
    refuse(handle)
  -- The address first: who tries one text after the other must not fill the tables with them.
  elseif (not known and too_many(address, CHECKS_OF_ADDRESS)) or too_many(key, CHECKS_OF_CREDENTIAL) then
    refuse(handle)
  else
    metadata:set(OURS, "key", key)
    metadata:set(OURS, "at", at)
  end
end

function envoy_on_response(handle)
  local metadata = handle:streamInfo():dynamicMetadata()
  local asked, answered = metadata:get(OURS), metadata:get(CHECK)
  if not (asked and asked.key and answered and answered.identity and answered.holds_seconds) then
    return
  end
  local at = now()
  local ends = asked.at + answered.holds_seconds
  if at < ends and answered.holds_seconds <= LONGEST then
    age(at)
    newer[asked.key] = { identity = answered.identity, ends = ends }
    count = count + 1
  end
end
