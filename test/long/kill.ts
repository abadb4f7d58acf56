import { parseArgs } from 'node:util'
import type { Verdict } from '../support/bank-verdict.js'
import { type DeliveryMode, killSchedule } from '../support/kill-points.js'
import { KillRun } from '../support/kill-run.js'
import { Random } from '../support/random.js'

const USAGE = `npm run test:kill -- [--kills N] [--delivery labels|atomic|both] [--seed N] [--source mysql|mariadb]

Kills the engine N times (default 200; "both" divides them) under traffic, at every named point and at any moment, and
compares source and target every 25 kills and at the end. Exit code 1 when anything differs. A seed gives the same
schedule again; what happens at "any moment" is not the same.`
const KILLS_BETWEEN = 25

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    delivery: { type: 'string', default: 'both' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    source: { type: 'string', default: 'mysql' },
    help: { type: 'boolean', default: false },
  },
})
process.exitCode = await main()

async function main(): Promise<number> {
  const { delivery, source } = values
  const kills = Number(values.kills)
  const seed = Number(values.seed)
  const deliveries: readonly DeliveryMode[] | null =
    delivery === 'both' ? ['labels', 'atomic'] : delivery === 'labels' || delivery === 'atomic' ? [delivery] : null
  const asked = Number.isInteger(kills) && kills > 0 && Number.isInteger(seed)
  if (values.help || deliveries === null || !asked || (source !== 'mysql' && source !== 'mariadb')) {
    say(USAGE)
    return values.help ? 0 : 2
  }
  say(`seed ${seed}, source ${source}, ${kills} kills`)
  let differences = 0
  for (const [n, each] of deliveries.entries()) {
    const share = Math.floor(kills / deliveries.length) + (n < kills % deliveries.length ? 1 : 0)
    const run = await KillRun.create(source, each, new Random(seed + n))
    try {
      differences += await killedOften(run, each, share, new Random(seed + n + 1000))
    } finally {
      await run.close()
    }
  }
  say(differences === 0 ? 'no difference' : `${differences} differences`)
  return differences === 0 ? 0 : 1
}

/** The number of differences. */
async function killedOften(run: KillRun, delivery: DeliveryMode, kills: number, random: Random): Promise<number> {
  const found: string[] = []
  let rows = 0
  const check = async (done: number) => {
    const verdict: Verdict = await run.verify()
    rows += verdict.rows
    found.push(...verdict.differences)
    say(`${delivery}: ${done} of ${kills} kills, ${run.traffic.transactions} transactions, ${verdict.rows} rows equal`)
    for (const difference of verdict.differences) say(`  DIFFERS ${difference}`)
  }
  for (const [n, point] of killSchedule(delivery, kills, random).entries()) {
    run.traffic.start()
    await run.kill(point)
    if ((n + 1) % KILLS_BETWEEN === 0 && n + 1 < kills) await check(n + 1)
  }
  await check(kills)
  say(`\n${delivery}\n${'kill point'.padEnd(14)}kills`)
  for (const [name, times] of [...run.hits].sort()) say(`${name.padEnd(14)}${String(times).padStart(5)}`)
  say(`rows checked ${rows}, differences ${found.length}\n`)
  return found.length
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
