import type { HealthPlan } from '../../compile/plan.ts'

/** What a target's health asks of its surroundings. */
export interface HealthHome {
  readonly nowMs: () => number
  readonly settings: () => HealthPlan
  /** Whether the target may be passed over: not when no other is left (S14). */
  readonly mayEject: (nowMs: number) => boolean
  /** `fault`: what it failed at last, a code. */
  readonly ejected: (forMs: number, fault: string) => void
  /** It gave a whole answer again, or took a connection it had refused. */
  readonly returned: () => void
}

/** Doubling beyond this changes nothing: every bound is below 100 ms times two to this. */
const doublingsMax = 30

/**
 * Passive health of one target: passed over after a connect that failed, or after `failures` faulty answers in a row,
 * for a time that doubles as long as the first request after it fails too. A target answers for itself when its time is
 * up; nothing is sent to find out.
 */
export class TargetHealth {
  /** Other targets are preferred until then; 0: never was passed over, or came back. */
  ejectedUntilMs = 0
  private readonly home: HealthHome
  /** Faulty answers in a row. */
  private faults = 0
  /** Times in a row it was passed over. */
  private ejections = 0
  private refusedConnects = false

  constructor(home: HealthHome) {
    this.home = home
  }

  /** Nothing was sent, and the next request would only wait for the same. */
  connectFailed(fault: string): void {
    this.refusedConnects = true
    this.eject(fault)
  }

  /** It takes connections again, though it was passed over for refusing them. */
  connected(): void {
    if (this.refusedConnects) this.recover()
  }

  answerFailed(fault: string): void {
    this.faults++
    if (this.faults >= this.home.settings().failures) this.eject(fault)
  }

  /** A whole answer came. One that began before the target was passed over says nothing about now. */
  answered(): void {
    if (this.faults === 0 && this.ejections === 0) return
    if (this.home.nowMs() >= this.ejectedUntilMs) this.recover()
  }

  private eject(fault: string): void {
    const nowMs = this.home.nowMs()
    // Several that fail together are one failure.
    if (nowMs < this.ejectedUntilMs || !this.home.mayEject(nowMs)) return
    const { failures, ejectMs, ejectMsMax } = this.home.settings()
    const forMs = Math.min(ejectMsMax, ejectMs * 2 ** Math.min(this.ejections++, doublingsMax))
    this.ejectedUntilMs = nowMs + forMs
    // One more and it goes again: its first answer decides.
    this.faults = failures - 1
    this.home.ejected(forMs, fault)
  }

  private recover(): void {
    const wasEjected = this.ejections > 0
    this.faults = 0
    this.ejections = 0
    this.ejectedUntilMs = 0
    this.refusedConnects = false
    if (wasEjected) this.home.returned()
  }
}
