import type { ColumnCode, TargetForm } from './column-code.js'
import { guardCode, type ValueGuard } from './field-guard.js'
import { type ImageForm, imageForm } from './image-form.js'
import type { RowLayout } from './row-layout.js'
import type { RowPunctuation } from './row-punctuation.js'
import { WIRE } from './wire-type.js'

/** Columns per generated function: V8 optimizes no function whose code is too long. */
export const COLUMNS_PER_PART = 32

/** Behind the last value. Where a length was read behind the end of the buffer, `p` is no number any more. */
export const WITHIN_LIMIT = 'if(!(p<=limit))imageTooShort(p>limit?p:limit+1,limit);'

/** What one generated encoder keeps between its parts and hands back. */
export interface RowState {
  p: number
  u: number
  end: number
  unsafe: boolean
  column: number
}

export interface GeneratedRow {
  encode(b: Buffer, at: number, limit: number, o: Buffer, q: number, op: 0 | 1): number
  skip(b: Buffer, at: number, limit: number): number
  /** What the written compressed values of an image have more bytes inflated; null when there are no such columns. */
  readonly inflated: ((b: Buffer, at: number, limit: number) => number) | null
  hash(b: Buffer, at: number, limit: number): number
  same(b: Buffer, before: number, after: number, limit: number): boolean
  /** Notes in `to` where the bytes of each key column begin and end; both -1 for NULL. */
  walk(b: Buffer, at: number, limit: number, to: Int32Array): void
  /** Walks an image and leaves in `state.column` the column that holds source offset `target`. */
  find(b: Buffer, at: number, limit: number, target: number): void
}

/** Source of the function body that makes a GeneratedRow from what `row-encoder` passes in. */
export function rowSource(layout: RowLayout, punctuation: RowPunctuation): { source: string; codes: ColumnCode[] } {
  const form = imageForm(layout.images ?? 'binlog', layout.columns, layout.added)
  const codes = layout.columns.map((column, i) => form.column(column, i, targetForm(layout, i)))
  const columns = new RowSource(layout, punctuation, form, codes)
  return { source: columns.source(), codes }
}

export function targetForm(layout: RowLayout, i: number): TargetForm {
  if (layout.fields[i]?.form === 'base64') return layout.format === 'csv' ? 'csvBase64' : 'jsonBase64'
  return layout.format
}

class RowSource {
  constructor(
    readonly layout: RowLayout,
    readonly punctuation: RowPunctuation,
    readonly form: ImageForm,
    readonly codes: readonly ColumnCode[],
  ) {}

  source(): string {
    const count = this.layout.columns.length
    const parts: string[] = []
    // Only sums ask a part whether they add or take away.
    const op = this.punctuation.sums.some(sums => sums.length > 0) ? ',op' : ''
    let encode = ''
    let skip = ''
    for (let from = 0; from < count; from += COLUMNS_PER_PART) {
      const to = Math.min(count, from + COLUMNS_PER_PART)
      if (count <= COLUMNS_PER_PART) {
        encode = this.#writes(from, to)
        skip = this.#skips(from, to)
      } else {
        parts.push(
          `function write${from}(b,at,p,o,q,limit${op}){let u=state.u;${this.#writes(from, to)}state.u=u;state.p=p;return q;}`,
          `function skip${from}(b,at,p,limit){${this.#skips(from, to)}return p;}`,
        )
        encode += `q=write${from}(b,at,p,o,q,limit${op});p=state.p;`
        skip += `p=skip${from}(b,at,p,limit);`
      }
    }
    const parted = parts.length > 0
    const begin = `${this.form.check}let p=at+${this.form.headBytes};`
    const finish = `${WITHIN_LIMIT}state.end=p;`
    const empty = this.punctuation.fields === 1 && this.layout.format === 'csv' ? 'if(q===start)u=1;' : ''
    const change = this.layout.change ? 'let u=change.unsafe;q=change.write(o,q);' : 'let u=0;'
    return [
      ...parts,
      `function encode(b,at,limit,o,q,op){const start=q;${change}${parted ? 'state.u=u;' : ''}${begin}${encode}`,
      `${parted ? 'u=state.u;' : ''}${finish}${empty}q=writeConstant(o,q,op===0?tail0:tail1);`,
      'state.unsafe=u!==0;return q;}',
      `function skip(b,at,limit){${begin}${skip}${finish}return p;}`,
      ...this.#key(),
      this.#inflated(),
      `function find(b,at,limit,target){let p=at+${this.form.headBytes};${this.#finds()}}`,
      'return {encode,skip,inflated,hash,same,walk,find};',
    ].join('\n')
  }

  #writes(from: number, to: number): string {
    let code = ''
    let skipped = 0
    for (let i = from; i < to; i++) {
      const before = this.punctuation.before[i]!
      const isWritten = before !== null || this.punctuation.sums[i]!.length > 0
      if (!isWritten && this.#isPlain(i)) {
        skipped += this.codes[i]!.fixedBytes!
        continue
      }
      if (skipped > 0) code += `p+=${skipped};`
      skipped = 0
      code += isWritten ? this.#write(i, before) : this.#skip(i)
    }
    return skipped > 0 ? `${code}p+=${skipped};` : code
  }

  /** The field of a column, if it has one, then its sums: each reads the value anew. */
  #write(i: number, before: Uint8Array | null): string {
    const sums = this.punctuation.sums[i]!
    const field = before === null ? '' : this.#field(i, before)
    if (sums.length === 0) return field
    const quote = this.layout.format === 'json' ? 'o[q++]=34;' : ''
    const value = `{const s=q;${this.codes[i]!.write}if(op!==0)q=negateNumber(o,s,q);}`
    const added = sums.map(
      (sum, k) => `${constant(sum, `sums[${i}][${k}]`)}p=v;${quote}${this.#unlessNull(i, 'o[q++]=48;', value)}${quote}`,
    )
    return `{const v=p;${field}${added.join('')}}`
  }

  /** Runs `code` on a value; `otherwise`, behind a NULL. */
  #unlessNull(i: number, otherwise: string, code: string): string {
    if (!this.layout.columns[i]!.nullable) return code
    const behind = `${this.form.skipNull(i)}${otherwise}`
    return behind === ''
      ? `if(!(${this.form.isNull(i)}))${code}`
      : `if(${this.form.isNull(i)}){${behind}}else${code.startsWith('{') ? '' : ' '}${code}`
  }

  #field(i: number, before: Uint8Array): string {
    const quote = this.punctuation.quoted[i]! ? 'o[q++]=34;' : ''
    const value = `${quote}${this.codes[i]!.write}${quote}`
    const writeNull = constant(this.punctuation.nullText, 'nullText')
    const { guard } = this.layout.fields[i]!
    const nullText = guard?.notNull ? `refuseNull(guards[${i}],${i});` : writeNull
    const judged = guard?.value ? this.#judged(i, value, guard.value, writeNull) : value
    return constant(before, `before[${i}]`) + this.#unlessNull(i, nullText, `{${judged}}`)
  }

  #judged(i: number, value: string, guard: ValueGuard, writeNull: string): string {
    const quoted = this.punctuation.quoted[i]!
    const timed = this.layout.columns[i]!.type !== WIRE.DATE
    const [from, to] = quoted ? ['q+1', 'q-1'] : ['q', 'q']
    return `const fs=${from};${value}const fe=${to};${guardCode(guard, i, { writeNull, quoted, timed })}`
  }

  #skips(from: number, to: number): string {
    let code = ''
    let skipped = 0
    for (let i = from; i < to; i++) {
      if (this.#isPlain(i)) {
        skipped += this.codes[i]!.fixedBytes!
        continue
      }
      if (skipped > 0) code += `p+=${skipped};`
      skipped = 0
      code += this.#skip(i)
    }
    return skipped > 0 ? `${code}p+=${skipped};` : code
  }

  #skip(i: number): string {
    return this.#unlessNull(i, '', this.codes[i]!.skip)
  }

  /** Always there, always as long. */
  #isPlain(i: number): boolean {
    return !this.layout.columns[i]!.nullable && this.codes[i]!.fixedBytes !== null
  }

  #inflated(): string {
    const inflates = (i: number) => this.punctuation.before[i] !== null && this.codes[i]!.inflate !== null
    if (!this.codes.some((_, i) => inflates(i))) return 'const inflated=null;'
    const walk = this.codes.map((code, i) => {
      return inflates(i) ? this.#unlessNull(i, '', code.inflate!) : this.#skip(i)
    })
    return `function inflated(b,at,limit){let p=at+${this.form.headBytes},x=0;${walk.join('')}return x;}`
  }

  #finds(): string {
    return this.layout.columns.map((_, i) => `state.column=${i};${this.#skip(i)}if(p>target)return;`).join('')
  }

  /**
   * `hash` and `same`. `walk` notes in `to` where each key column's bytes begin and end (both -1: NULL); when all key
   * columns stand at fixed places no walk is needed to compare.
   */
  #key(): string[] {
    const { key } = this.layout
    const last = Math.max(-1, ...key)
    let walk = `let p=at+${this.form.headBytes};`
    for (let i = 0; i <= last; i++) {
      const k = key.indexOf(i)
      if (k === -1) {
        walk += this.#skip(i)
        continue
      }
      const note = `to[${2 * k}]=p;${this.codes[i]!.skip}to[${2 * k + 1}]=p;`
      walk += this.#unlessNull(i, `to[${2 * k}]=-1;to[${2 * k + 1}]=-1;`, `{${note}}`)
    }
    const hashes = key.map((i, k) => `p=first[${2 * k}];if(p===-1)h=hashNull(h);else{${this.codes[i]!.hash}}`).join('')
    return [
      `function walk(b,at,limit,to){${walk}${WITHIN_LIMIT}}`,
      `function hash(b,at,limit){walk(b,at,limit,first);let h=seed,p=0;${hashes}return finishHash(h);}`,
      `function same(b,before,after,limit){${this.#sameFixed() ?? this.#sameWalked()}}`,
    ]
  }

  #sameFixed(): string | null {
    const { key } = this.layout
    const compares: string[] = []
    let offset = this.form.headBytes
    const last = Math.max(-1, ...key)
    for (let i = 0; i <= last; i++) {
      if (!this.#isPlain(i)) return null
      const bytes = this.codes[i]!.fixedBytes!
      if (key.includes(i))
        for (let k = 0; k < bytes; k++) compares.push(`b[before+${offset + k}]===b[after+${offset + k}]`)
      offset += bytes
    }
    return `if(after+${offset}>limit)imageTooShort(after+${offset},limit);return ${compares.join('&&') || 'true'};`
  }

  /** A value that is not NULL has at least one byte, so lengths tell it from NULL. */
  #sameWalked(): string {
    return (
      'walk(b,before,limit,first);walk(b,after,limit,second);' +
      'for(let k=0;k<first.length;k+=2){const x=first[k],y=second[k],n=first[k+1]-x;if(n!==second[k+1]-y)return false;' +
      'if(x!==-1)for(let i=0;i<n;i++)if(b[x+i]!==b[y+i])return false;}return true;'
    )
  }
}

/** Code that writes constant bytes: in place when they are few. */
function constant(bytes: Uint8Array, name: string): string {
  if (bytes.length > 4) return `q=writeConstant(o,q,${name});`
  return [...bytes].map(byte => `o[q++]=${byte};`).join('')
}
