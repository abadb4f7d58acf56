import { statSync } from 'node:fs'

interface SuiteFile {
  readonly path: string
}

const KINDS = [/\.e2e\.test\.js$/, /\.mysql\.test\.js$/, /./]

/**
 * The order in which jest runs test files: those with an engine, then those with a server, then the others, the larger file
 * first. A fresh clone has no times of an earlier run to go by, and a slow file that comes last runs alone.
 */
export default class SlowFirst {
  sort<File extends SuiteFile>(files: readonly File[]): File[] {
    const rank = ({ path }: File) => KINDS.findIndex(kind => kind.test(path))
    const size = new Map(files.map(file => [file, statSync(file.path).size]))
    return files.toSorted((a, b) => rank(a) - rank(b) || size.get(b)! - size.get(a)!)
  }

  /** Which files failed last is not kept: `--onlyFailures` runs them all. */
  allFailedTests<File extends SuiteFile>(files: readonly File[]): readonly File[] {
    return files
  }

  cacheResults(): void {}
}
