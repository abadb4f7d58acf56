import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { EpochJournal } from '../lib/checkpoint/epoch-journal.js'
import type { Config } from '../lib/config/options.js'
import { compareConfigs } from '../lib/config-change.js'
import { ConfigInForce, reachedAs } from '../lib/config-in-force.js'
import { load, MINIMAL } from './support/config-text.js'
import { positionAt } from './support/happenings.js'

const OLD = kept(
  load(`mysql_pass = "geheim"
flush_rows = 7
statsd_host = "metrics"
${MINIMAL}
[schema]
be_num = 3
[[rule]]
schema = "shop"
table = "orders"
group_by = ["day"]
measures = { n = "count(*)", total = "sum(amount)" }
rename = { day = "tag" }
constants = { origin = "$schema" }
cast = { amount = "DECIMAL(20, 2)" }
`),
)
const NEW = load(
  `mysql_pass = "new word"\nmysql_user = "another"\nmysql_ssl = "required"\n${MINIMAL.replace('mysql_user = "sync"\n', '')}`,
)

/** A configuration as it is on disk: which characters of a file its rules are is not known there. */
function kept(config: Config): Config {
  return { ...config, rule: config.rule.map(({ at: { file, line }, ...rule }) => ({ ...rule, at: { file, line } })) }
}

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'in-force-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

/** An epoch that has begun and is not saved. */
async function beginEpoch(): Promise<void> {
  const journal = await EpochJournal.open(dataDir)
  await journal.begin({
    epoch: 1,
    delivery: 'labels',
    labelBase: 'b',
    start: positionAt(4),
    witnesses: new Map(),
  })
  await journal.close()
}

/** As a later process finds it. */
function found(now: Config, alone = false): Promise<Config | null> {
  return new ConfigInForce(dataDir).unfinished(now, alone)
}

test('with an epoch on its way the one before is found whole, secrets and addresses as they are now', async () => {
  await new ConfigInForce(dataDir).write(OLD)
  await beginEpoch()
  const before = await found(NEW)
  expect(before).toEqual({ ...OLD, mysql_pass: 'new word', mysql_user: 'another', mysql_ssl: 'required' })
  // Also what was not set then and is now.
  const back = await found({ ...NEW, statsd_host: undefined, sr_be_http: ['a:1'] } as Config)
  expect(back).toMatchObject({ statsd_host: 'metrics', sr_be_http: ['a:1'] })
  expect(compareConfigs(OLD, before!).map(({ key }) => key)).toEqual(['mysql_user', 'mysql_pass', 'mysql_ssl'])
})

test('no secret is written down', async () => {
  await new ConfigInForce(dataDir).write(OLD)
  expect(await readFile(join(dataDir, 'config.in-force'), 'utf8')).not.toContain('geheim')
})

test('without an epoch on its way, and without a change, there is none', async () => {
  await new ConfigInForce(dataDir).write(OLD)
  expect(await found(NEW)).toBeNull()
  await beginEpoch()
  expect(await found(OLD)).toBeNull()
  expect(await found(OLD, true)).toEqual(OLD)
  expect(await found(NEW)).not.toBeNull()
})

test('nothing, another version, or a text that is none: only the one of now is known', async () => {
  await beginEpoch()
  expect(await found(NEW)).toBeNull()
  const path = join(dataDir, 'config.in-force')
  await new ConfigInForce(dataDir).write(OLD)
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace('"flush_rows"', '"flush_rowz"'))
  expect(await found(NEW)).toBeNull()
  await writeFile(path, '{')
  expect(await found(NEW)).toBeNull()
})

test('what is in force is told whether epochs are on their way or not; null before the first start, and for a text of another version', async () => {
  const inForce = new ConfigInForce(dataDir)
  expect(await inForce.current(NEW)).toBeNull()
  await inForce.write(OLD)
  const found = await new ConfigInForce(dataDir).current(NEW)
  expect(found).toEqual({ ...OLD, mysql_pass: 'new word', mysql_user: 'another', mysql_ssl: 'required' })
  await writeFile(join(dataDir, 'config.in-force'), '{"keys":[]}')
  expect(await new ConfigInForce(dataDir).current(NEW)).toBeNull()
})

test('another configuration is reached as this one says, secrets included, and keeps its rules', () => {
  const other = reachedAs(NEW, OLD)
  expect(other).toMatchObject({ mysql_pass: 'new word', mysql_user: 'another', mysql_ssl: 'required' })
  expect(other).toMatchObject({ rule: OLD.rule, flush_rows: 7, schema: OLD.schema })
})

test('a module is found with the text that epochs were made with', async () => {
  const rule = `${MINIMAL}[[rule]]\nschema = "shop"\ntable = "orders"\ntransform = "orders.mjs"\n`
  const withText = (source: string): Config => {
    const config = load(rule)
    const [block] = config.rule
    return { ...config, rule: [{ ...block!, transform: { ...block!.transform!, file: '/rules/orders.mjs', source } }] }
  }
  await new ConfigInForce(dataDir).write(withText('export default () => 1'))
  await beginEpoch()
  expect(await found(withText('export default () => 1'))).toBeNull()
  expect(await found(withText('export default () => 2'))).toEqual(kept(withText('export default () => 1')))
})
