/** What a worker needs to ask for keys. */
export interface RefetchPorts {
  /**
   * Asks control to fetch the issuer's keys again. Settles when control has answered (or is gone); a set it fetched
   * has been put by then. Resolves to how long control will not fetch again, in ms, when it said so.
   */
  readonly requestRefetch: (issuerId: string) => Promise<number | undefined>
  readonly nowMs: () => number
  /** Runs the function once after the delay; what it returns calls that off. */
  readonly startTimer: (delayMs: number, run: () => void) => () => void
}

/** The bounds of S7 around requests that wait for keys. */
export interface Refetcher {
  /** Waits at most 1 s, at most 64 an issuer; everybody else returns at once. `isKnown` is asked when it is over. */
  readonly refetch: (issuerId: string, kid: string | undefined, isKnown: () => boolean) => Promise<void>
  /** New keys came: nobody waits any longer and every kid deserves a new look. */
  readonly settle: (issuerId: string) => void
  readonly forget: (issuerId: string) => void
}

const waitMs = 1000
const waitingMax = 64
/**
 * How long a kid that was not there is not asked about again, at most; not at all while control would fetch for it. Its
 * bucket per URL is the bound that counts.
 */
const unknownMsMax = 5000
const unknownKidsMax = 1024
/** A question control never answered is asked again after this. */
const askAgainMs = 10_000

interface IssuerState {
  askedMs: number | undefined
  readonly waiting: Set<() => void>
  /** Kid -> when it was last not there. */
  readonly unknown: Map<string, number>
  /** How long that counts. */
  unknownMs: number
}

/** Creates the bounds over one worker's issuers. */
export function createRefetcher(ports: RefetchPorts): Refetcher {
  const states = new Map<string, IssuerState>()
  return {
    refetch: async (issuerId, kid, isKnown) => {
      const state = stateOf(states, issuerId)
      const name = kid ?? ''
      if (isWithin(state.unknown.get(name), state.unknownMs, ports.nowMs()) || state.waiting.size >= waitingMax) return
      const waited = waitFor(state, ports)
      ask(issuerId, state, ports)
      await waited
      if (!isKnown()) remember(state.unknown, name, ports.nowMs())
    },
    settle: (issuerId) => {
      const state = states.get(issuerId)
      if (state === undefined) return
      state.unknown.clear()
      release(state)
    },
    forget: (issuerId) => {
      const state = states.get(issuerId)
      if (state !== undefined) release(state)
      states.delete(issuerId)
    },
  }
}

function stateOf(states: Map<string, IssuerState>, issuerId: string): IssuerState {
  const known = states.get(issuerId)
  if (known !== undefined) return known
  const state: IssuerState = { askedMs: undefined, waiting: new Set(), unknown: new Map(), unknownMs: unknownMsMax }
  states.set(issuerId, state)
  return state
}

function waitFor(state: IssuerState, ports: RefetchPorts): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      if (!state.waiting.delete(finish)) return
      stop()
      resolve()
    }
    state.waiting.add(finish)
    const stop = ports.startTimer(waitMs, finish)
  })
}

/** One question at a time: whoever comes meanwhile waits for the same answer. */
function ask(issuerId: string, state: IssuerState, ports: RefetchPorts): void {
  const nowMs = ports.nowMs()
  if (isWithin(state.askedMs, askAgainMs, nowMs)) return
  state.askedMs = nowMs
  const answered = (againMs = unknownMsMax): void => {
    state.unknownMs = Math.min(againMs, unknownMsMax)
    if (state.askedMs === nowMs) state.askedMs = undefined
    release(state)
  }
  ports.requestRefetch(issuerId).then(answered, () => answered())
}

function release(state: IssuerState): void {
  for (const finish of [...state.waiting]) finish()
}

/** Whether something was less than so long ago; never what a clock set back since makes lie ahead. */
function isWithin(sinceMs: number | undefined, lengthMs: number, nowMs: number): boolean {
  return sinceMs !== undefined && sinceMs <= nowMs && nowMs < sinceMs + lengthMs
}

/** The oldest name makes room: random kids fill the table and nothing else. */
function remember(unknown: Map<string, number>, kid: string, nowMs: number): void {
  unknown.delete(kid)
  if (unknown.size >= unknownKidsMax) {
    for (const oldest of unknown.keys()) {
      unknown.delete(oldest)
      break
    }
  }
  unknown.set(kid, nowMs)
}
