/** `DNS:a.example, IP Address:192.0.2.1, DNS:"…"`: Node quotes what could be mistaken for the list's own commas. */
const entry = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g
const dnsName = /^(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/

/** The DNS names of a `subjectAltName` as Node spells it, lower case; wildcards of one whole label only (RFC 9525 6.3). */
export function certificateNames(subjectAltName: string | undefined): readonly string[] {
  const names = [...(subjectAltName ?? '').matchAll(entry)].flatMap(([, kind, value = '']) =>
    kind === 'DNS' && dnsName.test(value) ? [value.toLowerCase()] : [],
  )
  return [...new Set(names)]
}
