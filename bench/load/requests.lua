-- Sends the tokens of a file in turn, from the given one on, each request made before the clock starts. With keys that
-- rotate, the tokens in turn are those of two keys, and move on by one key each period since the given time.
local requests = {}
local position = 0
local inTurn = 0
local first = 0
local rotation
local calls = 0

function init(args)
  -- Over TLS wrk asks for the URL's host (SNI), and a request for another one would be misdirected.
  local host = wrk.scheme == "https" and wrk.host or "bench.example.com"
  local file = args[1]
  local path = args[2]
  position = tonumber(args[3])
  if args[4] then
    rotation = { tokens = tonumber(args[4]), since = tonumber(args[5]), seconds = tonumber(args[6]) }
  end
  for token in io.lines(file) do
    requests[#requests + 1] = wrk.format("GET", path, {
      ["Host"] = host,
      ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
      ["Accept"] = "application/json, text/plain, */*",
      ["Accept-Encoding"] = "gzip, deflate, br",
      ["Accept-Language"] = "en-GB,en;q=0.9,de;q=0.8",
      ["Cache-Control"] = "no-cache",
      ["Origin"] = "https://app.example.com",
      ["Referer"] = "https://app.example.com/orders",
      ["Sec-Fetch-Dest"] = "empty",
      ["Sec-Fetch-Mode"] = "cors",
      ["Sec-Fetch-Site"] = "same-site",
      ["Authorization"] = "Bearer " .. token
    })
  end
  inTurn = rotation and 2 * rotation.tokens or #requests
end

function request()
  position = position + 1
  -- The clock is dear, so it is not read each time.
  if rotation and calls % 64 == 0 then
    first = math.floor((os.time() - rotation.since) / rotation.seconds) * rotation.tokens
  end
  calls = calls + 1
  return requests[(first + position % inTurn) % #requests + 1]
end

function done(summary, latency)
  io.write(string.format("JSON {\"requests\":%d,\"durationUs\":%d,\"notOk\":%d,\"connect\":%d,\"read\":%d,\"write\":%d,\"timeout\":%d}\n",
    summary.requests, summary.duration, summary.errors.status, summary.errors.connect, summary.errors.read,
    summary.errors.write, summary.errors.timeout))
end
