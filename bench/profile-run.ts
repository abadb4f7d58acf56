import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BinlogPart } from './binlog-set.js'
import { runEngine } from './engine-run.js'
import type { Bench } from './measure.js'
import { type CpuProfile, type StageBudget, stageBudget } from './stage-budget.js'

/** One more run of the engine over the part, under V8's sampling profiler; its CPU is in no other figure. */
export async function profilePart({ server, count }: Bench, part: BinlogPart): Promise<StageBudget> {
  const profileDir = await mkdtemp(join(tmpdir(), 'bench-profile-'))
  try {
    await runEngine(server, count, part, { delivery: 'atomic', profileDir })
    const [file] = await readdir(profileDir)
    if (file === undefined) throw new Error(`the engine left no profile of "${part.name}"`)
    return stageBudget(part.name, JSON.parse(await readFile(join(profileDir, file), 'utf8')) as CpuProfile)
  } finally {
    await rm(profileDir, { recursive: true, force: true })
  }
}
