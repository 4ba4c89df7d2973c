-- What wrk sends, and how it tells a right answer: both come from the environment, see wrk.py.
-- wrk counts an answer by its HTTP status alone, and gRPC says in the body how a call went. So every body is looked at.

local threads = {}
local whole_request
local expected = os.getenv("LOAD_EXPECT")
wrong = 0 -- global: `done` asks each thread for it

function setup(thread)
  table.insert(threads, thread)
end

function init()
  local body = os.getenv("LOAD_BODY_HEX"):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
  local headers = {}
  for name, value in os.getenv("LOAD_HEADERS"):gmatch("([^\n:]+): ([^\n]+)") do
    headers[name] = value
  end
  whole_request = wrk.format(os.getenv("LOAD_METHOD"), nil, headers, body)
end

function request()
  return whole_request
end

function response(_, _, body)
  if not body:find(expected, 1, true) then
    wrong = wrong + 1
  end
end

function done(summary, latency)
  local failed = 0
  for _, count in pairs(summary.errors) do
    failed = failed + count
  end
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("wrong")
  end
  io.write(string.format('\n{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, failed))
end
