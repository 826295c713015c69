/** What a study is given. */
export interface StudyContext {
  /** The node the gateway runs on. */
  readonly node: string
  readonly rounds: number
  /** Length of one sample. */
  readonly seconds: number
  /** A folder of this run. */
  readonly folder: string
  readonly gatewayCpu: number
  readonly loadCpu: number
  /** Tells how it goes, on standard error. */
  readonly say: (line: string) => void
}

export type Unit = 'us' | 'ms' | 's' | 'ratio' | 'share' | 'rps' | 'count'

/** One figure a study came to. */
export interface Figure {
  readonly name: string
  readonly unit: Unit
  /** Null: no result, and the note says why. */
  readonly value: number | null
  /** Least and most over the rounds that counted; null of a single one. */
  readonly range: readonly [number, number] | null
  readonly note: string | null
}

export interface StudyResult {
  readonly study: string
  readonly figures: readonly Figure[]
  /** What must not be so: the run then ends with exit code 1. */
  readonly failures: readonly string[]
}

/** A question to the gateway that is not one case of A B B A rounds. */
export interface Study {
  readonly name: string
  /** What it shows, for whoever reads along. */
  readonly about: string
  readonly run: (context: StudyContext) => Promise<Omit<StudyResult, 'study'>>
}
