import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from '@jest/globals'
import { runCommand } from '../../lib/servers/run-command.js'
import { binlogTool, type StartOptions, startServer, type TestServer } from '../../lib/servers/test-server.js'
import { freshSchema, sharedServer } from '../support/servers.js'

// The first run downloads and unpacks the servers.
const INSTALL_MS = 300_000
const KINDS = ['mysql', 'mariadb'] as const
const started: TestServer[] = []

async function start(kind: (typeof KINDS)[number], options: StartOptions = {}): Promise<TestServer> {
  const server = await startServer(kind, options)
  started.push(server)
  return server
}

afterAll(async () => {
  await Promise.all(started.map(server => server.destroy()))
})

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** True as soon as the condition holds, false when it does not within the time. */
async function soon(condition: () => boolean, withinMs = 20_000): Promise<boolean> {
  for (const endMs = performance.now() + withinMs; performance.now() < endMs; await delay(20))
    if (condition()) return true
  return false
}

describe.each(KINDS)('a private %s', kind => {
  test(
    'answers SQL, and the defaults are those promised',
    async () => {
      const server = await sharedServer(kind)
      const schema = await freshSchema(server)
      const results = await server.sql([
        `create table ${schema}.t (id int primary key, v varchar(20), b bigint unsigned)`,
        `insert into ${schema}.t values (1, 'größer 😀', 18446744073709551615)`,
        `select * from ${schema}.t`,
      ])
      expect(results[2]).toEqual([{ id: 1, v: 'größer 😀', b: '18446744073709551615' }])
      expect(await server.sql(`select v from ${schema}.t where id = ?`, [1])).toEqual([{ v: 'größer 😀' }])
      expect(
        await server.sql(
          'select @@log_bin as bin, @@binlog_format as form, @@binlog_row_image as image, version() as v',
        ),
      ).toEqual([
        {
          bin: 1,
          form: 'ROW',
          image: 'FULL',
          v: expect.stringMatching(kind === 'mysql' ? /^9\./ : /^10\.11\.\d+-MariaDB/),
        },
      ])
    },
    INSTALL_MS,
  )

  test('an account made by createUser logs in by password and may read the binlog', async () => {
    const server = await sharedServer(kind)
    await server.createUser('reader', "pa'ss")
    const connection = await server.connect({ user: 'reader', password: "pa'ss" })
    const [grants] = await connection.query('show grants')
    await connection.end()
    expect(JSON.stringify(grants)).toMatch(/REPLICATION SLAVE/)
    await expect(server.connect({ user: 'reader', password: 'wrong' })).rejects.toThrow(/Access denied/)
  })

  test('options are in force', async () => {
    const server = await start(kind, {
      rowImage: 'minimal',
      rowMetadata: 'full',
      serverId: 4711,
      timeZone: '+08:00',
      compression: true,
      binlogFormat: 'mixed',
      extra: ['innodb_lock_wait_timeout=7'],
      ...(kind === 'mysql' ? { gtid: false } : {}),
    })
    const own =
      kind === 'mysql'
        ? '@@binlog_transaction_compression as compression, @@gtid_mode as gtid'
        : "@@log_bin_compress as compression, 'always' as gtid"
    expect(
      await server.sql(
        `select @@binlog_row_image as image, @@binlog_row_metadata as metadata, @@server_id as id, @@time_zone as zone,
           @@binlog_format as form, @@innodb_lock_wait_timeout as wait, @@port as port, ${own}`,
      ),
    ).toEqual([
      {
        image: 'MINIMAL',
        metadata: 'FULL',
        id: 4711,
        zone: '+08:00',
        form: 'MIXED',
        wait: 7,
        port: server.port,
        compression: 1,
        gtid: kind === 'mysql' ? 'OFF' : 'always',
      },
    ])
    await server.restart({ rowImage: 'full', logBin: false, timeZone: 'Asia/Kolkata' })
    expect(
      await server.sql(
        'select @@log_bin as bin, @@server_id as id, @@time_zone as zone, timediff(now(), utc_timestamp()) as ahead',
      ),
    ).toEqual([{ bin: 0, id: 4711, zone: 'SYSTEM', ahead: '05:30:00' }])
  })

  test('what was committed survives kill -9, on the same port; a clean stop needs no recovery', async () => {
    const server = await start(kind)
    const { port, pid } = server
    await server.sql([
      'create database shop',
      'create table shop.t (id int primary key)',
      'insert into shop.t values (1)',
    ])
    await server.kill()
    expect(lives(pid!)).toBe(false)
    expect(server.pid).toBeUndefined()
    await server.restart()
    expect(server.port).toBe(port)
    expect(server.pid).not.toBe(pid)
    expect(await server.sql('select id from shop.t')).toEqual([{ id: 1 }])
    const beforeStop = (await readFile(server.errorLog, 'utf8')).length
    await server.stop()
    await server.restart()
    const log = (await readFile(server.errorLog, 'utf8')).slice(beforeStop)
    expect(log).toMatch(/Shutdown complete/i)
    expect(log).not.toMatch(/crash recovery/i)
    await server.destroy()
    expect(existsSync(server.folder)).toBe(false)
  })

  test('two run side by side, each with data of its own', async () => {
    const [left, right] = await Promise.all([start(kind), start(kind)])
    await left.sql('create database only_left')
    expect(left.port).not.toBe(right.port)
    expect(await right.sql("show databases like 'only_left'")).toEqual([])
    if (kind === 'mysql') {
      expect(left.serverUuid).toMatch(/^[0-9a-f-]{36}$/)
      expect(left.serverUuid).not.toBe(right.serverUuid)
    }
  })

  test('TLS is offered with a certificate that its authority vouches for, and can be switched off', async () => {
    const server = await start(kind)
    const ca = await readFile(server.caFile, 'utf8')
    // Names are not compared: MySQL's own certificate names no host.
    const connection = await server.connect({ ssl: { ca, rejectUnauthorized: true, verifyIdentity: false } })
    const [cipher] = await connection.query("show status like 'Ssl_cipher'")
    await connection.end()
    expect(cipher).toEqual([{ Variable_name: 'Ssl_cipher', Value: expect.stringMatching(/./) }])
    await server.restart({ tls: false })
    await expect(server.connect({ ssl: { ca, rejectUnauthorized: false } })).rejects.toThrow(/secure connection/)
  })

  test('the binlog tool reads what the server wrote', async () => {
    const server = await start(kind)
    await server.sql([
      'create database shop',
      'create table shop.t (id int primary key)',
      'insert into shop.t values (42)',
    ])
    const [program, ...args] = await binlogTool(kind)
    const text = await runCommand(program!, [
      ...args,
      '-vv',
      '--base64-output=decode-rows',
      `${server.dataDir}/mbin.000001`,
    ])
    expect(text).toMatch(/### INSERT INTO `shop`\.`t`/)
    expect(text).toMatch(/### {3}@1=42/)
  })

  test('a server that cannot start says why, with the end of its log, and leaves nothing', async () => {
    const failure = start(kind, { extra: ['innodb-page-size=3'] })
    await expect(failure).rejects.toMatchObject({
      kind: 'sourceUnreachable',
      message: expect.stringMatching(/page.size/i),
    })
  })
})

test('a folder too deep for a socket is refused by name', async () => {
  const folder = join(tmpdir(), 'x'.repeat(110))
  await expect(startServer('mariadb', { folder })).rejects.toThrow(/too long a path/)
  await rm(folder, { recursive: true })
})

test('kill -9 of the owner ends its servers and removes their folders', async () => {
  const script = fileURLToPath(new URL('../support/servers-hold.js', import.meta.url))
  const owner = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve, reject) => {
    owner.stdout.once('data', chunk => resolve(String(chunk)))
    owner.once('exit', status => reject(new Error(`ended with ${status}`)))
  })
  const held: Array<{ pid: number; folder: string }> = JSON.parse(line)
  expect(held).toHaveLength(2)
  for (const { pid, folder } of held) expect([lives(pid), existsSync(folder)]).toEqual([true, true])
  owner.kill('SIGKILL')
  expect(await soon(() => held.every(({ pid, folder }) => !lives(pid) && !existsSync(folder)))).toBe(true)
})
