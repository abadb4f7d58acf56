import { randomBytes } from 'node:crypto'

/** Rejected rows kept per load (`MAX_ERROR_NUM` of StarRocks): the log is a sample, never the full list. */
const MAX_LINES = 50
/** Error logs kept; the oldest goes first. */
const MAX_LOGS = 500

/** The sample of rejected rows of one load. */
export class RejectedRows {
  readonly #lines: string[] = []

  /** Notes one rejected row: "Error: <reason>. Row: <row>". */
  add(reason: string, row: string): void {
    if (this.#lines.length < MAX_LINES) this.#lines.push(`Error: ${reason}. Row: ${row}`)
  }

  /** Takes over the lines of a later part of the same load. */
  addAll(later: RejectedRows): void {
    this.#lines.push(...later.#lines.slice(0, MAX_LINES - this.#lines.length))
  }

  /** Forgets all of them: the load begins anew. */
  clear(): void {
    this.#lines.length = 0
  }

  get lines(): readonly string[] {
    return this.#lines
  }
}

/** The pages behind the `ErrorURL` of failed loads. */
export class ErrorLogs {
  readonly #pages = new Map<string, string>()

  /** Keeps a page and answers with its file name, `error_log_<hex>_<hex>`. */
  keep(rejected: RejectedRows): string {
    const file = `error_log_${randomBytes(8).toString('hex')}_${randomBytes(8).toString('hex')}`
    this.#pages.set(file, `${rejected.lines.join('\n')}\n`)
    if (this.#pages.size > MAX_LOGS) this.#pages.delete(this.#pages.keys().next().value!)
    return file
  }

  page(file: string): string | undefined {
    return this.#pages.get(file)
  }
}
