import { readMetric } from './read-metric.ts'

/**
 * The text of a scrape that may be read: one in which a worker gave no answer repeats what that worker said earlier, and
 * would pass for what it counted meanwhile. Throws for any other. Pure.
 */
export function ownCounts(status: number, text: string): string {
  if (status !== 200) throw new Error(`the metrics were answered ${status}`)
  const silent = readMetric(text, 'jotgate_workers_silent')
  if (silent === 0) return text
  throw new Error(Number.isNaN(silent) ? 'the metrics do not tell who was silent' : `${silent} workers gave no metrics`)
}
