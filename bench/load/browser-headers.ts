/** What a browser sends beside the token; `requests.lua` has the same. Twelve with `Authorization`. */
export const browserHeaders: readonly (readonly [name: string, value: string])[] = [
  ['Host', 'bench.example.com'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36'],
  ['Accept', 'application/json, text/plain, */*'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Cache-Control', 'no-cache'],
  ['Origin', 'https://app.example.com'],
  ['Referer', 'https://app.example.com/orders'],
  ['Sec-Fetch-Dest', 'empty'],
  ['Sec-Fetch-Mode', 'cors'],
  ['Sec-Fetch-Site', 'same-site'],
]
