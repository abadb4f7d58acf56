import type { Config } from '../config/options.js'
import { EXIT, type Flag, type FlagValues, type Terminal } from './command.js'
import { renderPlan } from './plan-text.js'

/** Flags of the commands that start an engine: what its snapshot would do, in place of starting it. */
export const PLAN_FLAGS = {
  'dry-run': { type: 'boolean', text: 'Shows what a snapshot would copy and about how long it takes; starts nothing.' },
  json: { type: 'boolean', text: '--dry-run: the plan as JSON.' },
} as const satisfies Record<string, Flag>

/** Prints the plan of a snapshot of all tables; resolves with the exit code. Rejects when the source cannot be read. */
export async function tellPlan(config: Config, values: FlagValues, terminal: Terminal): Promise<number> {
  const { readPlan } = await import('../snapshot/plan-source.js')
  const plan = await readPlan(config, { kind: 'stream', choose: targets => targets })
  const { mode } = config.snapshot
  if (values.json === true) terminal.out(JSON.stringify({ mode, ...plan }, null, 2))
  else
    terminal.out(
      mode === 'never'
        ? `snapshot.mode = "never": the binlog alone is followed. With "initial" this would be copied:\n${renderPlan(plan)}`
        : `${renderPlan(plan)}\nTables that an earlier start has copied, or begun to, are not copied again; see mysql-sr-sync status.`,
    )
  return EXIT.ok
}
