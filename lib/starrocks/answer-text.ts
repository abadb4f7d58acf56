/** What kind of trouble a StarRocks error text tells of. */
export type TextClass =
  | 'busy'
  | 'unreachable'
  | 'denied'
  | 'rowsRejected'
  | 'rejected'
  /** A step timed out or lost its connection inside the cluster: it may have been done all the same. */
  | 'uncertain'

/**
 * The texts that decide, in order; the first match wins. StarRocks has no error codes for loads, so these are the message
 * texts of its sources (FE and BE, 2.5 to 4.1). A text matching none of them is `rejected`: trying it again cannot help.
 */
const TEXTS: readonly (readonly [RegExp, TextClass])[] = [
  [/access denied|no valid basic authorization|need auth information/i, 'denied'],
  [/too many filtered rows|abnormal data more than max filter|primary key size exceed/i, 'rowsRejected'],
  [/current running txns on db|txn num per be exceeds limit/i, 'busy'],
  [/too many versions|too many tablet versions/i, 'busy'],
  [/exceed http cuncurrent limit|too many requests/i, 'busy'],
  [/mem(?:ory)?[ _]?(?:usage )?(?:of \S+ )?(?:has )?(?:exceed|limit)|MEM_LIMIT_EXCEEDED/i, 'busy'],
  [/schema change operation is in progress|not normal|under schema change/i, 'busy'],
  [/publish timeout/i, 'uncertain'],
  [/SERVICE_UNAVAILABLE|TXN_IN_PROCESSING|resource[ _]busy|lock timeout/i, 'busy'],
  [/no (?:alive |available )?(?:backend|compute node)s?\b/i, 'unreachable'],
  [/current alive backend is \[\]/i, 'unreachable'],
  [/current fe is not (?:master|leader)|(?:leader|master) (?:fe )?(?:is )?(?:unknown|not ready)/i, 'unreachable'],
  [/is shutting down|shutdown in progress/i, 'unreachable'],
  [/body don't equal with body bytes|client (?:closed|disconnect)/i, 'unreachable'],
  [/b?rpc (?:failed|error|timeout)|connection (?:refused|reset)|couldn't open transport/i, 'uncertain'],
  [/(?:timed out|timeout by txn manager|reached timeout|load timeout)/i, 'uncertain'],
]

/** Sorts a StarRocks error text of a load, a label question or a statement. */
export function classifyText(message: string): TextClass {
  for (const [pattern, kind] of TEXTS) if (pattern.test(message)) return kind
  return 'rejected'
}

/** Fields of a JSON object by lower-case name, or null when the text is no JSON object. StarRocks varies the case of keys. */
export function parseAnswerFields(text: string): ReadonlyMap<string, unknown> | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Not JSON: callers take null for an answer that says nothing, never for success.
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const fields = new Map<string, unknown>()
  for (const [key, field] of Object.entries(value))
    if (!fields.has(key.toLowerCase())) fields.set(key.toLowerCase(), field)
  return fields
}

/** The first named field that is a string with something in it, else "". */
export function textField(fields: ReadonlyMap<string, unknown>, ...names: readonly string[]): string {
  for (const name of names) {
    const value = fields.get(name)
    if (typeof value === 'string' && value.trim() !== '') return value.trim()
  }
  return ''
}

/** A text made fit for a message: one line, no control characters, no credentials of URLs, at most `limit` characters. */
export function excerpt(text: string, limit = 400): string {
  const line = text
    .replace(/:\/\/[^/\s"]*@/g, '://')
    .replace(/[\x00-\x1f\x7f]+/g, ' ')
    .trim()
  return line.length <= limit ? line : `${line.slice(0, limit)}…`
}
