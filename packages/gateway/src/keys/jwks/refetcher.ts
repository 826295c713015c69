/** What a worker needs to ask for keys. */
export interface RefetchPorts {
  /**
   * Asks control to fetch the issuer's keys again. Settles when control has answered (or is gone); a set it fetched
   * has been put by then.
   */
  readonly requestRefetch: (issuerId: string) => Promise<void>
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
/** How long a kid that was not there is not asked about again; control's own bucket per URL is the bound that counts. */
const unknownMs = 5000
const unknownKidsMax = 1024
/** A question control never answered is asked again after this. */
const askAgainMs = 10_000

interface IssuerState {
  askedMs: number | undefined
  readonly waiting: Set<() => void>
  /** Kid -> until when it is known to be unknown. */
  readonly unknown: Map<string, number>
}

/** Creates the bounds over one worker's issuers. */
export function createRefetcher(ports: RefetchPorts): Refetcher {
  const states = new Map<string, IssuerState>()
  return {
    refetch: async (issuerId, kid, isKnown) => {
      const state = stateOf(states, issuerId)
      const name = kid ?? ''
      if ((state.unknown.get(name) ?? 0) > ports.nowMs() || state.waiting.size >= waitingMax) return
      const waited = waitFor(state, ports)
      ask(issuerId, state, ports)
      await waited
      if (!isKnown()) remember(state.unknown, name, ports.nowMs() + unknownMs)
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
  const state: IssuerState = { askedMs: undefined, waiting: new Set(), unknown: new Map() }
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
  if (state.askedMs !== undefined && nowMs - state.askedMs < askAgainMs) return
  state.askedMs = nowMs
  const answered = (): void => {
    if (state.askedMs === nowMs) state.askedMs = undefined
    release(state)
  }
  ports.requestRefetch(issuerId).then(answered, answered)
}

function release(state: IssuerState): void {
  for (const finish of [...state.waiting]) finish()
}

/** The oldest name makes room: random kids fill the table and nothing else. */
function remember(unknown: Map<string, number>, kid: string, untilMs: number): void {
  unknown.delete(kid)
  if (unknown.size >= unknownKidsMax) {
    for (const oldest of unknown.keys()) {
      unknown.delete(oldest)
      break
    }
  }
  unknown.set(kid, untilMs)
}
