-- Requests for benchmarks/wrk.py: `greet.lua changing|repeating BODY "Name: value"...`.
-- Repeating ones are the same bytes each time. Changing ones carry a traceparent and an x-request-id
-- of their own, as clients with tracing send them; all else is the same.

local before, after
local count = 0
local trace, request_id

function init(args)
   local changing = args[1] == "changing"
   wrk.method = "POST"
   wrk.body = args[2]
   for i = 3, #args do
      local name, value = args[i]:match("^([^:]+): (.*)$")
      wrk.headers[name] = value
   end
   math.randomseed(os.time())
   trace = string.format("%08x%08x", math.random(0, 2147483647), math.random(0, 2147483647))
   request_id = string.format("%08x", math.random(0, 2147483647))
   wrk.headers["x-request-id"] = request_id .. "-000000000000"
   wrk.headers["traceparent"] = "00-" .. trace .. "0000000000000000-000000000000abcd-01"
   if not changing then
      return  -- wrk itself makes the request once
   end
   wrk.headers["x-request-id"] = nil
   wrk.headers["traceparent"] = nil
   local head_end = "\r\n\r\n"
   local plain = wrk.format()
   local cut = plain:find(head_end, 1, true)
   before = plain:sub(1, cut + 1) .. "x-request-id: " .. request_id .. "-"
   after = head_end .. wrk.body
   request = function()
      count = count + 1
      local number = string.format("%012x", count)
      return before .. number .. "\r\ntraceparent: 00-" .. trace .. "0000" .. number
         .. "-0000" .. number .. "-01" .. after
   end
end

function done(summary, latency, requests)
   io.write(string.format(
      'figures {"requests": %d, "duration_us": %d, "p50_us": %.1f, "p99_us": %.1f, ' ..
      '"status": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
      summary.errors.status, summary.errors.connect, summary.errors.read, summary.errors.write,
      summary.errors.timeout))
end
