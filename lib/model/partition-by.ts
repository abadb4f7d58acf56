/** One column of PARTITION BY, and the function around it. */
export interface PartitionTerm {
  readonly column: string
  /** Null: each value of the column is a partition. */
  readonly slice: {
    readonly function: 'date_trunc' | 'time_slice'
    readonly unit: string
    readonly count: number
  } | null
}

/**
 * Units of `date_trunc` and `time_slice` in PARTITION BY (StarRocks, "Expression partitioning": week is not supported, and
 * hour is for DATETIME alone).
 */
const UNITS = ['hour', 'day', 'month', 'year']
const NAME = '(?:`((?:[^`]|``)+)`|([\\p{L}_][\\p{L}\\d_$]*))'
const TRUNC = new RegExp(`^date_trunc\\s*\\(\\s*(['"])(\\w+)\\1\\s*,\\s*${NAME}\\s*\\)`, 'iu')
const SLICE = new RegExp(
  `^time_slice\\s*\\(\\s*${NAME}\\s*,\\s*interval\\s+(\\d+)\\s+(\\w+)\\s*(?:,\\s*(['"]?)floor\\5\\s*)?\\)`,
  'iu',
)
const PLAIN = new RegExp(`^${NAME}(?!\\s*\\()`, 'iu')

/**
 * Reads what stands behind PARTITION BY: one `date_trunc('unit', column)` or `time_slice(column, INTERVAL n unit)`, or a list
 * of columns, in parentheses or not. Returns its terms, or what is wrong as a predicate ("must be …").
 */
export function parsePartitionBy(text: string): readonly PartitionTerm[] | string {
  let rest = text.trim()
  if (/^(range|list)\s*\(/i.test(rest))
    return 'must be an expression: rows outside of explicit ranges or lists would be refused'
  if (rest.startsWith('(') && rest.endsWith(')')) rest = rest.slice(1, -1).trim()
  const terms: PartitionTerm[] = []
  for (;;) {
    const read = readTerm(rest)
    if (typeof read === 'string') return read
    terms.push(read.term)
    rest = rest.slice(read.length).trimStart()
    if (rest === '') break
    if (!rest.startsWith(',')) return FORMS
    rest = rest.slice(1).trimStart()
  }
  // Several expressions, or expressions beside columns, exist from 3.4 on only.
  return terms.length > 1 && terms.some(term => term.slice !== null)
    ? 'must be one expression, or columns alone'
    : terms
}

/** One form for equal terms, to be put behind PARTITION BY or compared. `quote` makes a name a quoted identifier. */
export function renderPartitionBy(terms: readonly PartitionTerm[], quote: (name: string) => string): string {
  const [first] = terms
  if (first?.slice?.function === 'date_trunc') return `date_trunc('${first.slice.unit}', ${quote(first.column)})`
  if (first?.slice?.function === 'time_slice')
    return `time_slice(${quote(first.column)}, INTERVAL ${first.slice.count} ${first.slice.unit})`
  return `(${terms.map(term => quote(term.column)).join(', ')})`
}

const FORMS = `must be "date_trunc('day', column)", "time_slice(column, INTERVAL 7 day)" or a list of columns`

function readTerm(text: string): { readonly term: PartitionTerm; readonly length: number } | string {
  const name = (quoted: string | undefined, bare: string | undefined) => quoted?.replaceAll('``', '`') ?? bare!
  const trunc = TRUNC.exec(text)
  if (trunc !== null) return sliced(trunc[0], name(trunc[3], trunc[4]), 'date_trunc', trunc[2]!, 1)
  const slice = SLICE.exec(text)
  if (slice !== null) return sliced(slice[0], name(slice[1], slice[2]), 'time_slice', slice[4]!, Number(slice[3]))
  const plain = PLAIN.exec(text)
  return plain === null ? FORMS : { term: { column: name(plain[1], plain[2]), slice: null }, length: plain[0].length }
}

function sliced(
  found: string,
  column: string,
  slicer: 'date_trunc' | 'time_slice',
  written: string,
  count: number,
): ReturnType<typeof readTerm> {
  const unit = written.toLowerCase()
  if (!UNITS.includes(unit)) return `must have one of the units ${UNITS.join(', ')}`
  if (count < 1) return 'must have an interval of at least 1'
  return { term: { column, slice: { function: slicer, unit, count } }, length: found.length }
}
