import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Report } from '../../bench/report.js'
import type { ServerKind } from '../../lib/servers/server-recipe.js'
import { execute } from '../support/engine.js'

const BENCH = resolve('dist/bench/main.js')
const SMALL = ['--scale', '0.01', '--rounds', '1']

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quick-bench-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test.each<ServerKind>(['mysql', 'mariadb'])(
  'a quick run on %s: its last line, its report, its tables',
  async server => {
    const out = join(folder, `${server}.json`)
    const ran = await execute(
      process.execPath,
      [BENCH, '--quick', '--json', ...SMALL, '--server', server, '--out', out],
      {},
    )
    expect({ code: ran.code, stderr: ran.code === 0 ? '' : ran.stderr }).toEqual({ code: 0, stderr: '' })
    const figures = JSON.parse(ran.stdout.trim().split('\n').at(-1)!) as Record<string, number>
    // Engine, zongji and the generator counted the same rows, or the run would have failed.
    expect(figures.rows).toBe(27_000)
    for (const name of ['a_over_c_cpu', 'b_over_a_cpu', 'a_over_a_cpu', 'rss_mb'])
      expect({ name, above: (figures[name] ?? 0) > 0 }).toEqual({ name, above: true })

    const report = JSON.parse(await readFile(out, 'utf8')) as Report
    const [part] = report.servers[0]!.parts
    expect(Object.keys(part!.samples).sort()).toEqual(['again', 'atomic', 'labels', 'raw', 'start', 'zongji'])
    expect(part!.samples.raw![0]!.cpuSeconds).toBeGreaterThan(0)
    expect(part!.samples.raw![0]!.peakRssMb).toBeGreaterThan(0)

    const shown = await execute(process.execPath, [BENCH, '--table', out], {})
    expect(shown.stdout).toContain('| mixed set | A atomic |')
    expect(shown.stdout).toContain(`| mixed set | 27000 |`)
  },
)

test('a wrong option is told with the usage', async () => {
  const { code, stderr } = await execute(process.execPath, [BENCH, '--fast'], {})
  expect(code).toBe(2)
  expect(stderr).toContain("Unknown option '--fast'")
  expect(stderr).toContain('--quick')
})
