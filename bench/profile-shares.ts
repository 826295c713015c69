/** A CPU profile as V8 writes it, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

/** Where time goes, by the first of these that a stack, from its top down, runs through. */
const places: readonly (readonly [place: string, functions: RegExp, files: RegExp])[] = [
  ['(idle)', /^\(idle\)$/, /^/],
  ['garbage collection', /^\(garbage collector\)$/, /^/],
  ['socket writes (kernel)', /^(writeBuffer|writeLatin1String|writev|writeUtf8String)$/, /^$/],
  ['read the request: bytes to head', /^/, /proxy\/(listener\/http1-(parser|head)|framing\/)/],
  ['write the answer', /^/, /proxy\/listener\/http1-reply/],
  ['connection', /^/, /proxy\/listener\//],
  ['token cache', /^/, /proxy\/token-cache/],
  ['read the answer', /^/, /proxy\/upstream\/response-/],
  ['forward', /^/, /proxy\/(upstream\/|forward)/],
  ['record, count, log', /^/, /(telemetry\/|proxy\/record)/],
  ['keys and signatures', /^/, /keys\//],
]
const step = /proxy\/steps\/([a-z-]+)/

/** Microseconds by place: each pipeline step by its file, the rest by what it is for. Pure. */
export function profileShares(profile: CpuProfile): ReadonlyMap<string, number> {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  )
  const placeById = new Map<number, string>()

  function placeOf(id: number): string {
    const known = placeById.get(id)
    if (known !== undefined) return known
    const frame = nodes.get(id)?.callFrame
    const parent = parents.get(id)
    const own = frame === undefined ? undefined : ownPlace(frame.functionName, frame.url)
    const place = own ?? (parent === undefined ? 'everything else' : placeOf(parent))
    placeById.set(id, place)
    return place
  }

  const shares = new Map<string, number>()
  for (const [at, id] of profile.samples.entries()) {
    const place = placeOf(id)
    shares.set(place, (shares.get(place) ?? 0) + (profile.timeDeltas[at] ?? 0))
  }
  return shares
}

function ownPlace(functionName: string, url: string): string | undefined {
  const found = step.exec(url)
  if (found !== null) return `step ${found[1]}`
  return places.find(([, functions, files]) => functions.test(functionName) && files.test(url))?.[0]
}
