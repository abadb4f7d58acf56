import { Failure } from '../model/failure.js'

/** A row that is refused by itself. */
export interface BadRow {
  /** Its place in the load, from 0. */
  readonly ordinal: number
  readonly reason: string
}

export interface IsolateOptions {
  /** "database.table" of the target, for messages. */
  readonly target: string
  readonly rows: number
  /** Why all rows together were refused. */
  readonly reason: string
  /** More bad rows than this are no longer a few bad rows. */
  readonly maxParked: number
  /** Judges these rows (ascending) and keeps none of them: null when all are accepted, else the reason. */
  readonly judge: (ordinals: readonly number[]) => Promise<string | null>
}

/** Rows looked at first where more may be bad than may be parked, so that a wrong rule is not found out one row at a time. */
const SAMPLES = 24

/** For the first bad rows it is asked whether they were the last; later that would send the rest of the body too often. */
const ASKED_IF_LAST = 3

/**
 * Finds every row of a refused load that is refused by itself: the first one by halving, the next ones in groups as large
 * as the good rows before the last one were many, each halved when it is refused. k bad ones of n rows take about
 * k * log2(n / k) judgements, and those together a few times the bytes of the load.
 * Rejects with `rowRejected` when they are more than `maxParked`, and with `loadRejected` when rows are refused together of
 * which each is accepted alone. Ends after a bounded number of judgements whatever they say.
 */
export async function isolate(options: IsolateOptions): Promise<BadRow[]> {
  if (options.rows > options.maxParked) await refuseIfAllBad(options)
  const search = new Search(options)
  await search.run()
  return search.bad
}

class Search {
  readonly bad: BadRow[] = []
  readonly #options: IsolateOptions

  constructor(options: IsolateOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    const { rows, reason } = this.#options
    let next = 0
    let group = rows
    let refused: string | null = reason
    while (next < rows) {
      const to = Math.min(rows, next + group)
      refused ??= await this.#judge(next, to)
      if (refused === null) {
        next = to
        group *= 2
        continue
      }
      const found = await this.#firstWithin(next, to, refused)
      this.#add(found)
      group = Math.max(1, found.ordinal - next)
      next = found.ordinal + 1
      refused = null
      if (this.bad.length <= ASKED_IF_LAST && next < rows && (await this.#judge(next, rows)) === null) return
    }
  }

  /** The first bad row of those from `from` to before `to`, which were refused together for `refused`. */
  async #firstWithin(from: number, to: number, refused: string): Promise<BadRow> {
    let [low, high] = [from, to]
    let reason: string | null = refused
    while (high - low > 1) {
      const middle = (low + high) >> 1
      const left = await this.#judge(low, middle)
      if (left === null) low = middle
      else high = middle
      // What is left over once the left half is accepted must hold the bad row, but was not judged by itself.
      reason = left
    }
    reason ??= await this.#judge(low, high)
    if (reason === null) throw contradiction(this.#options)
    return { ordinal: low, reason }
  }

  #add(found: BadRow): void {
    const { target, rows, maxParked } = this.#options
    this.bad.push(found)
    if (this.bad.length > maxParked) throw tooMany(target, `more than ${maxParked} of ${rows} rows`, found.reason)
  }

  #judge(from: number, to: number): Promise<string | null> {
    return this.#options.judge(Array.from({ length: to - from }, (_, i) => from + i))
  }
}

/** Where a few spread over the load are all bad, one in fifty or fewer is out of the question. */
async function refuseIfAllBad({ target, rows, judge }: IsolateOptions): Promise<void> {
  let reason = ''
  for (let i = 0; i < SAMPLES; i++) {
    const verdict = await judge([Math.floor(((i + 0.5) * rows) / SAMPLES)])
    if (verdict === null) return
    reason = verdict
  }
  throw tooMany(target, `each of ${SAMPLES} rows looked at, of ${rows},`, reason)
}

function tooMany(target: string, share: string, reason: string): Failure {
  return new Failure('rowRejected', `${target}: StarRocks refuses ${share}, the last because: ${reason}`, {
    advice:
      'These are no longer a few bad rows: a rule or the target table is wrong. Mend it and start again; nothing of this load was parked or loaded.',
  })
}

function contradiction({ target, rows, reason }: IsolateOptions): Failure {
  return new Failure(
    'loadRejected',
    `${target}: StarRocks refused ${rows} rows (${reason}), but accepts each of them alone, so none can be parked.`,
    {
      advice:
        'If the table was altered at this moment, start again. Otherwise mend what the message names; nothing behind this position was lost.',
    },
  )
}
