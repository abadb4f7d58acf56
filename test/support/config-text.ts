import { type ConfigInput, loadConfig } from '../../lib/config/load.js'
import type { Config } from '../../lib/config/options.js'
import { renderProblem, renderProblems } from '../../lib/config/problem.js'

/** A configuration with the required keys alone. */
export const MINIMAL = `mysql_addr = "db.example:3307"
mysql_user = "sync"
sr_host = "fe.example"
sr_user = "root"
sr_dbname = "demo"
[[source]]
schema = "shop"
tables = ["orders", "/^log_[0-9]+$/"]
`

/** What loadConfig takes for one file named sync.toml. */
export function input(text: string, more: Partial<ConfigInput> = {}): ConfigInput {
  return { main: { file: 'sync.toml', text }, rules: [], environment: new Map(), dotEnv: null, ...more }
}

/** The Config of a text that must be valid. */
export function load(text: string, more: Partial<ConfigInput> = {}): Config {
  const result = loadConfig(input(text, more))
  if (!result.ok) throw new Error(renderProblems(result.problems))
  return result.config
}

/** Each problem of a text, rendered. */
export function problems(text: string, more: Partial<ConfigInput> = {}): string[] {
  const result = loadConfig(input(text, more))
  return result.ok ? [] : result.problems.map(renderProblem)
}

export const env = (values: Record<string, string>) => ({ environment: new Map(Object.entries(values)) })
