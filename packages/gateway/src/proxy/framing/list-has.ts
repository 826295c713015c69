/** Whether a comma-separated list (RFC 9110 5.6.1) has a member; `wanted` is lower case, the list in any. */
export function listHas(list: string, wanted: string): boolean {
  const lower = list.toLowerCase()
  if (lower === wanted) return true
  if (!lower.includes(wanted)) return false
  return lower.split(',').some((member) => member.trim() === wanted)
}
