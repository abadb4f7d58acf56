import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the view shows of the engine; whatever its status does not say is absent. */
export interface EngineNumbers {
  readonly state?: string
  readonly lagMs?: number
  readonly rowsPerSecond?: number
  readonly windowPercent?: number
  readonly lastLoad?: string
  readonly trouble?: string
}

/**
 * Reads `<data_dir>/status.json`, which the engine replaces about once a second. A file that is not there yet, or not
 * readable as JSON, gives nothing: the view must not fail over what it only shows.
 */
export async function readEngineNumbers(dataDir: string): Promise<EngineNumbers> {
  try {
    return pickEngineNumbers(JSON.parse(await readFile(join(dataDir, 'status.json'), 'utf8')))
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** The numbers of a parsed status; what is missing or of another form is left out. */
export function pickEngineNumbers(status: unknown): EngineNumbers {
  const top = members(status)
  const load = members(top.last_load)
  const error = members(top.retry).what === undefined && top.state !== 'failed' ? {} : members(top.last_error)
  return {
    ...(typeof top.state === 'string' ? { state: top.state } : {}),
    ...(typeof top.lag_ms === 'number' ? { lagMs: top.lag_ms } : {}),
    ...(typeof top.rows_per_second === 'number' ? { rowsPerSecond: top.rows_per_second } : {}),
    ...(typeof members(top.window).fill_percent === 'number'
      ? { windowPercent: members(top.window).fill_percent as number }
      : {}),
    ...(typeof load.rows === 'number' ? { lastLoad: `${load.target}: ${load.rows} rows in ${load.ms} ms` } : {}),
    ...(typeof error.message === 'string' ? { trouble: error.message } : {}),
  }
}

function members(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
