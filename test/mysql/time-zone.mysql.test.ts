import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { SourceSession } from '../../lib/mysql/session.js'
import { resolveZone } from '../../lib/mysql/time-zone.js'
import { startServer, type TestServer } from '../../lib/servers/test-server.js'
import { sourceAddressOf } from '../support/source-address.js'

// Around both changes of a year, and decades apart.
const INSTANTS = [
  86_400, 500_000_000, 1_616_893_199, 1_616_893_200, 1_635_641_999, 1_635_642_000, 1_700_000_000, 2_000_000_000,
  2_147_483_647,
]

let server: TestServer
let session: SourceSession

beforeAll(async () => {
  server = await startServer('mariadb')
  session = await SourceSession.connect(sourceAddressOf(server))
}, 120_000)
afterAll(async () => {
  await session?.close()
  await server?.destroy()
})

describe('zones', () => {
  test.each(['+08:00', '-03:30', '+00:00'])('the source’s own zone %s is what its FROM_UNIXTIME says', async zone => {
    await server.sql(`set global time_zone = '${zone}'`)
    const resolved = await resolveZone('source', session)
    await session.query('SET time_zone = @@GLOBAL.time_zone')
    for (const instant of INSTANTS) {
      const [row] = await session.query(`SELECT FROM_UNIXTIME(${instant}) AS t`)
      const local = new Date((instant + resolved.offsetAt(instant)) * 1000).toISOString().replace('T', ' ').slice(0, 19)
      expect(row!.t!.slice(0, 19)).toBe(local)
    }
    expect(resolved.fixedOffset).not.toBeNull()
  })

  test('a named zone has its changes at the second, whatever zone this process is in', async () => {
    const berlin = await resolveZone('Europe/Berlin', session)
    expect(INSTANTS.slice(2, 6).map(t => berlin.offsetAt(t) / 3600)).toEqual([1, 2, 2, 1])
    expect(berlin.offsetAt(500_000_000) / 3600).toBe(1)
    const shanghai = await resolveZone('Asia/Shanghai', session)
    expect(shanghai.offsetAt(1_700_000_000) / 3600).toBe(8)
    expect((await resolveZone('Asia/Tokyo', session)).fixedOffset).toBe(9 * 3600)
  })

  test('an unknown zone is refused with what is allowed', async () => {
    await expect(resolveZone('Mars/Base', session)).rejects.toMatchObject({ kind: 'configInvalid' })
  })
})

test('SYSTEM: a server whose process lives in a zone with summer time is asked for its changes', async () => {
  process.env.TZ = 'Europe/Berlin'
  const berlin = await startServer('mysql').finally(() => {
    delete process.env.TZ
  })
  try {
    const own = await SourceSession.connect(sourceAddressOf(berlin))
    const zone = await resolveZone('source', own)
    await own.query('SET time_zone = @@GLOBAL.time_zone')
    const [row] = await own.query('SELECT @@system_time_zone AS s, @@time_zone AS z')
    for (const instant of INSTANTS) {
      const [at] = await own.query(`SELECT FROM_UNIXTIME(${instant}) AS t`)
      expect([
        row,
        new Date((instant + zone.offsetAt(instant)) * 1000).toISOString().replace('T', ' ').slice(0, 19),
      ]).toEqual([row, at!.t!.slice(0, 19)])
    }
    await own.close()
  } finally {
    await berlin.destroy()
  }
}, 120_000)
