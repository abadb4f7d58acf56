import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { replaceFile } from '../checkpoint/replace-file.js'
import type { Config } from '../config/options.js'
import { asFailure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { errorCode } from '../model/system-error.js'
import type { VerifySummary } from '../model/verify-summary.js'
import type { VerifyReport } from './verdict.js'
import { verifyTables } from './verify-tables.js'

const FILE = 'verify.json'
/** Longest wait for the stream to pass what the source has. */
const WAIT_MS = 60_000
/** How soon another configuration is in force here. */
const LOOK_MS = 5_000
/** A comparison that could not be made is tried again after this time, or after a shorter `every`. */
const RETRY_MS = 600_000
const ADVICE =
  '`mysql-sr-sync verify` shows the keys, `mysql-sr-sync verify --repair` reads them again from the source.'

/**
 * Compares all tables every so often while the engine runs, at a low rate. When the last comparison was made outlives the
 * process. Resolves when the signal fires; what goes wrong is told to the observer and stops nothing.
 */
export async function verifyContinuously(
  config: () => Config,
  dataDir: string,
  observer: Observer,
  signal: AbortSignal,
): Promise<void> {
  const path = join(dataDir, FILE)
  let last: VerifySummary | null = null
  try {
    last = await readSummary(path)
    if (last !== null) observer({ kind: 'verified', summary: last, again: true })
    let retryAtMs = 0
    for (;;) {
      const { every, rate } = config().verify
      const dueMs = every === undefined ? Number.POSITIVE_INFINITY : (last === null ? 0 : last.at_ms + last.ms) + every
      const waitMs = Math.max(dueMs, retryAtMs) - Date.now()
      // The configuration may change meanwhile.
      if (waitMs > 0) {
        await sleep(Math.min(waitMs, LOOK_MS), undefined, { signal })
        continue
      }
      try {
        const begin = Date.now()
        const options = { dataDir, only: null, repair: null, waitMs: WAIT_MS, rate, signal }
        last = summarize(await verifyTables(config(), options), begin, Date.now())
        observer({ kind: 'verified', summary: last, again: false })
        const finding = findingText(last)
        if (finding !== null) observer({ kind: 'warning', ...finding })
        await replaceFile(path, `${JSON.stringify(last, null, 2)}\n`)
      } catch (error) {
        signal.throwIfAborted()
        retryAtMs = Date.now() + Math.min(RETRY_MS, every ?? RETRY_MS)
        const failure = asFailure(error)
        observer({
          kind: 'warning',
          message: `The tables could not be compared: ${failure.message}`,
          advice: failure.advice,
        })
      }
    }
  } catch (error) {
    // The stream goes on without: only the comparison has ended.
    if (signal.aborted) return
    const failure = asFailure(error)
    observer({
      kind: 'warning',
      message: `Tables are not compared any more: ${failure.message}`,
      advice: failure.advice,
    })
  }
}

/** The sentence for the operator; null when every table is as it should be. */
export function findingText({ findings }: VerifySummary): { readonly message: string; readonly advice: string } | null {
  if (findings.length === 0) return null
  const texts = findings.map(({ source, target, differs, missing, extra, pending }) => {
    const parts = Object.entries({ differs, missing, extra, pending }).filter(([, count]) => count > 0)
    return `${source} and ${target}: ${parts.map(([name, count]) => `${count} ${name}`).join(', ')}`
  })
  return { message: `Source and target are not the same: ${texts.join('; ')}`, advice: ADVICE }
}

export function summarize({ tables }: VerifyReport, beginMs: number, endMs: number): VerifySummary {
  return {
    at_ms: beginMs,
    ms: endMs - beginMs,
    tables: tables.filter(({ state }) => state !== 'ignored').length,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    findings: tables.flatMap(({ source, target, state, differs, missing, extra, pending }) =>
      state === 'pending' || state === 'differs' ? [{ source, target, state, differs, missing, extra, pending }] : [],
    ),
  }
}

/** Null: none was made, or what is there is not readable as one and is made anew. */
async function readSummary(path: string): Promise<VerifySummary | null> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as VerifySummary
    return Number.isFinite(value.at_ms) && Number.isFinite(value.ms) && Array.isArray(value.findings) ? value : null
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return null
    throw error
  }
}
