-- Sends the tokens of a file in turn, from the given one on, each request made before the clock starts.
local requests = {}
local position = 0

function init(args)
  local file = args[1]
  local path = args[2]
  position = tonumber(args[3])
  for token in io.lines(file) do
    requests[#requests + 1] = wrk.format("GET", path, {
      ["Host"] = "bench.example.com",
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
end

function request()
  position = position + 1
  return requests[position % #requests + 1]
end

function done(summary, latency)
  io.write(string.format("JSON {\"requests\":%d,\"durationUs\":%d,\"notOk\":%d,\"connect\":%d,\"read\":%d,\"write\":%d,\"timeout\":%d}\n",
    summary.requests, summary.duration, summary.errors.status, summary.errors.connect, summary.errors.read,
    summary.errors.write, summary.errors.timeout))
end
