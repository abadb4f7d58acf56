import { readConfig } from '../lib/cli/read-config.js'
import { copyTables } from '../lib/copy-command.js'
import { ShadowTables } from '../lib/starrocks/swap-target.js'

/**
 * The process that `snapshot.bench.ts` measures: one `copy` into a sink that keeps no rows, so that they cannot be counted
 * there: `node dist/bench/snapshot-copy.js sync.toml`. Prints one JSON line.
 */

class Unseen extends ShadowTables {
  override async count(_: unknown, { most }: { readonly most: number }): Promise<number> {
    return most
  }
}

const { config } = readConfig({ config: process.argv[2] })
const cpu = process.cpuUsage()
const silent = () => undefined
const progress = { expect: silent, begins: silent, read: silent, again: silent, ended: silent }
const report = await copyTables(
  config,
  { tables: [], observer: silent, progress, shadowsOf: (session, task) => new Unseen(session, task) },
  new AbortController().signal,
)
const { user, system } = process.cpuUsage(cpu)
const [copied] = report.targets
if (copied?.copied == null) throw new Error(JSON.stringify(report, null, 2))
console.log(
  JSON.stringify({
    rows: copied.copied.rows,
    seconds: copied.seconds,
    cpuSeconds: (user + system) / 1e6,
    rssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
)
