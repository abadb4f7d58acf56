/** What a target column cannot hold of its source column's values; absent parts can hold everything. */
export interface FieldGuard {
  /** The target column with its type, for messages: "demo.orders.note (varchar(400))". */
  readonly target: string
  /** NULL is a stop. */
  readonly notNull: boolean
  readonly value: ValueGuard | null
}

/**
 * `date`: dates that do not exist become NULL, the least date, or a stop; `minKey` writes the least date for the wholly
 * zero one only and stops at all others, so that no two keys become one. `bytes`: `most` bytes of UTF-8, or of what the
 * base64 stands for. `why` follows the text of the date. `integer`: from `min` to `max`. `wholeDigits`: digits before the decimal point. `boolean`: 0 and 1.
 */
export type ValueGuard =
  | { readonly kind: 'date'; readonly policy: 'null' | 'min' | 'minKey' }
  | { readonly kind: 'date'; readonly policy: 'stop'; readonly why: string }
  | { readonly kind: 'bytes'; readonly most: number; readonly decoded: boolean }
  | { readonly kind: 'integer'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'wholeDigits'; readonly most: number }
  | { readonly kind: 'boolean' }

/**
 * JavaScript that judges the field just written into `o` from `fs` to `fe` (quotes not counted) for column `i`. It throws
 * through the functions of `guarded-value`, or sets `q` anew. Every check is one comparison for values that pass by far.
 * @param writeNull code that writes NULL at `q`
 * @param quoted the field stands in quotes, which begin at `fs - 1`
 * @param timed the source value has a time of day
 */
export function guardCode(
  guard: ValueGuard,
  i: number,
  { writeNull, quoted, timed }: { writeNull: string; quoted: boolean; timed: boolean },
): string {
  const where = `guards[${i}],${i},o,fs,fe`
  const close = quoted ? 'o[q++]=34;' : ''
  switch (guard.kind) {
    case 'date':
      switch (guard.policy) {
        case 'null':
          return `if(${DOUBTFUL_DATE}&&isNoDate(o,fs)){q=fs${quoted ? '-1' : ''};${writeNull}}`
        case 'min':
          return `if(${DOUBTFUL_DATE}&&isNoDate(o,fs)){q=writeLeastDate(o,fs,${timed});${close}}`
        case 'minKey':
          return `if(${DOUBTFUL_DATE}||${YEAR_ZERO}){q=writeKeyDate(${where},${timed});${close}}`
        case 'stop':
          return `if(${DOUBTFUL_DATE}&&isNoDate(o,fs))refuseDate(${i},o,fs,fe,guards[${i}].value.why);`
      }
      break
    case 'bytes':
      if (guard.decoded) return `if(fe-fs>${4 * Math.floor(guard.most / 3)})checkBase64(${where},${guard.most});`
      return quoted
        ? `if(fe-fs>${guard.most})checkJsonText(${where},${guard.most});`
        : `if(fe-fs>${guard.most})refuseBytes(guards[${i}],${i},fe-fs,${guard.most});`
    case 'integer':
      return `if(fe-fs>=${String(guard.max).length})checkInteger(${where},guards[${i}].value);`
    case 'wholeDigits':
      return `if(fe-fs>${guard.most})checkWholeDigits(${where},${guard.most});`
    case 'boolean':
      return `if(fe-fs!==1||o[fs]>49)refuseBoolean(${where});`
  }
}

/** A day that is 0 or beyond 28, or month 0: "0000-00-00" has its day's digits at 8 and 9, its month's at 5 and 6. */
const DOUBTFUL_DATE = '((o[fs+8]*10+o[fs+9]-529>>>0)>27||o[fs+5]+o[fs+6]===96)'
const YEAR_ZERO = 'o[fs]+o[fs+1]+o[fs+2]+o[fs+3]===192'
