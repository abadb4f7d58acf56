/** Suites of the Debian archive proper; `bookworm-security` and the like live in other archives or hold only part of one. */
const SUITE = /^(?:bullseye|bookworm|trixie|forky|sid|stable|oldstable|oldoldstable|testing|unstable)$/

interface SourceEntry {
  readonly uris: readonly string[]
  readonly suites: readonly string[]
  readonly components: readonly string[]
  readonly signedBy: string
}

/**
 * Addresses of the Debian archive in the machine's own apt sources, the likeliest first.
 *
 * Both forms of sources.list(5) are read: one line an entry (`*.list`) and deb822 stanzas (`*.sources`). Other
 * vendors' archives also use Debian's suite names, so an address counts more when its path ends in `/debian`, when
 * it is signed by Debian's keyring, and when it carries `<suite>-updates` too.
 */
export function debianMirrors(files: ReadonlyArray<{ readonly name: string; readonly text: string }>): string[] {
  const entries = files.flatMap(file => (file.name.endsWith('.sources') ? deb822(file.text) : oneLine(file.text)))
  const scores = new Map<string, number>()
  for (const entry of entries) {
    if (!entry.suites.some(suite => SUITE.test(suite)) || !entry.components.includes('main')) continue
    for (const uri of entry.uris) {
      if (!/^(?:https?|file|mirror\+[a-z]+|mirror|copy|tor\+https?):/.test(uri)) continue
      const address = uri.replace(/\/+$/, '')
      let score = scores.get(address) ?? 0
      if (/\/debian$/.test(address)) score += 2
      if (entry.signedBy.includes('debian-archive')) score += 4
      if (entries.some(other => sameArchive(other, address) && other.suites.some(suite => suite.endsWith('-updates'))))
        score += 2
      scores.set(address, score)
    }
  }
  return [...scores].sort((left, right) => right[1] - left[1]).map(([address]) => address)
}

function sameArchive(entry: SourceEntry, address: string): boolean {
  return entry.uris.some(uri => uri.replace(/\/+$/, '') === address)
}

/** `deb [options] uri suite component...`, one entry a line. */
function oneLine(text: string): SourceEntry[] {
  const entries: SourceEntry[] = []
  for (const line of text.split('\n')) {
    const found = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line)
    if (!found) continue
    const signedBy = /signed-by=(\S+)/.exec(found[1] ?? '')?.[1] ?? ''
    entries.push({
      uris: [found[2]!],
      suites: [found[3]!],
      components: found[4]!.trim().split(/\s+/),
      signedBy,
    })
  }
  return entries
}

/** Stanzas of `Field: value` lines, a value going on in indented lines, stanzas parted by an empty line. */
function deb822(text: string): SourceEntry[] {
  const entries: SourceEntry[] = []
  for (const stanza of text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/)) {
    const fields = new Map<string, string>()
    for (const found of stanza.matchAll(/^([A-Za-z0-9-]+):[ \t]*(.*(?:\n[ \t]+.*)*)/gm))
      fields.set(found[1]!.toLowerCase(), found[2]!.trim())
    const words = (field: string) => (fields.get(field) ?? '').split(/\s+/).filter(word => word !== '')
    if (!words('types').includes('deb') || /^(?:no|false|0)$/i.test(fields.get('enabled') ?? 'yes')) continue
    entries.push({
      uris: words('uris'),
      suites: words('suites'),
      components: words('components'),
      signedBy: fields.get('signed-by') ?? '',
    })
  }
  return entries
}
