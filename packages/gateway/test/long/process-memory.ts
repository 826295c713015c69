import { readFileSync } from 'node:fs'

const kibibytesPerMebibyte = 1024

/** Resident memory of a process in MiB, now. */
export function residentMebibytes(pid: number): number {
  return readStatus(pid, 'VmRSS')
}

/** The most a process ever had resident, in MiB. */
export function peakMebibytes(pid: number): number {
  return readStatus(pid, 'VmHWM')
}

function readStatus(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1]) / kibibytesPerMebibyte
}
