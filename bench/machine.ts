import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import type { Report } from './report.js'

/** The commit of the working copy, with "+" when tracked files differ from it; "unknown" outside of one. */
export function readCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const commit = git('rev-parse', '--short=10', 'HEAD').trim()
    return git('status', '--porcelain', '--untracked-files=no').trim() === '' ? commit : `${commit}+`
  } catch {
    // A copy without git can be measured too; its report says that it cannot be told which one it was.
    return 'unknown'
  }
}

export const loadAverage = (): number => Number(loadavg()[0]!.toFixed(2))

export function describeMachine(loadBefore: number): Report['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory_mb: Math.round(totalmem() / 1_048_576),
    system: `${type()} ${release()}`,
    load_before: loadBefore,
    load_after: loadAverage(),
  }
}

/** Of Node and of the packages on the path of a row. */
export function readVersions(): Record<string, string> {
  const versionOf = (name: string) =>
    (JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as { version: string }).version
  const names = ['@vlasky/zongji', 'mysql2', 'undici', '@duckdb/node-api']
  return { node: process.version, ...Object.fromEntries(names.map(name => [name, versionOf(name)])) }
}
