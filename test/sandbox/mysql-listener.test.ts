import { createConnection as connectSocket, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { FieldReader, PacketBuilder, PacketFramer } from '../../lib/sandbox/mysql-packet.js'
import { type SqlServer, startSqlServer } from './sql-client.js'

let server: SqlServer

beforeAll(async () => {
  server = await startSqlServer()
  await server.run('CREATE DATABASE d')
  await server.run(
    `CREATE TABLE d.t (id BIGINT NOT NULL, a TINYINT, b SMALLINT, c INT, e DECIMAL(10,2), f FLOAT, g DOUBLE, h DATE,
     i DATETIME, j VARCHAR(100), k VARBINARY(100), l JSON, m BOOLEAN, n LARGEINT) PRIMARY KEY(id)`,
  )
  await server.run(`INSERT INTO d.t VALUES
    (9007199254740993, -1, -300, 70000, -12.30, 0.5, 1.25, '2024-02-29', '2024-02-29 01:02:03.000004', 'é🙂', 'raw',
     '{"b":1}', true, 170141183460469231731687303715884105727),
    (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2024-02-29 01:02:03', NULL, NULL, NULL, NULL, NULL)`)
})

afterAll(() => server.close())

describe('MySQL listener', () => {
  test.each([
    [{ password: 'wrong' }, "Access denied for user 'root' (using password: YES)"],
    [{ password: '' }, "Access denied for user 'root' (using password: NO)"],
    [{ user: 'other' }, "Access denied for user 'other' (using password: YES)"],
  ])('%p is refused', async (login, message) => {
    await expect(server.connect(login)).rejects.toMatchObject({ errno: 1045, sqlState: '28000', message })
  })

  test('the database of the login is used, an unknown one refused', async () => {
    const client = await server.connect({ database: 'd' })
    expect((await client.query('SELECT count(*) AS n FROM t'))[0]).toEqual([{ n: '2' }])
    client.destroy()
    await expect(server.connect({ database: 'D' })).rejects.toMatchObject({ errno: 5501 })
  })

  test('text and binary rows carry the same values', async () => {
    const sql = 'SELECT * FROM d.t ORDER BY id DESC'
    const [text] = await server.client.query(sql)
    const [binary] = await server.client.execute(sql)
    expect(text).toEqual([
      {
        id: '9007199254740993',
        a: -1,
        b: -300,
        c: 70000,
        e: '-12.30',
        f: 0.5,
        g: 1.25,
        h: '2024-02-29',
        i: '2024-02-29 01:02:03.000004',
        j: 'é🙂',
        k: Buffer.from('raw'),
        l: '{"b": 1}',
        m: 1,
        n: '170141183460469231731687303715884105727',
      },
      expect.objectContaining({ id: '2', a: null, e: null, i: '2024-02-29 01:02:03', k: null, l: null, n: null }),
    ])
    // mysql2 prints a binary DATETIME with the column's six decimals, zero or not.
    const second = (binary as Record<string, unknown>[])[1] as Record<string, unknown>
    expect(second.i).toMatch(/^2024-02-29 01:02:03(\.000000)?$/)
    expect([{ ...(binary as object[])[0] }, { ...second, i: '2024-02-29 01:02:03' }]).toEqual(text)
  })

  test('parameters of a prepared query', async () => {
    const sql = 'SELECT id, ? AS x, ? AS y FROM d.t WHERE id = ? OR j = ? OR i = ? ORDER BY id LIMIT ?'
    const run = async (...values: (string | number | null | Date | bigint)[]) =>
      (await server.client.execute(sql, values))[0]
    expect(await run("it's \\ é%", 1.5, 2, '', '2000-01-01', 5)).toEqual([{ id: '2', x: "it's \\ é%", y: '1.5' }])
    expect(await run(null, 'y', 0, 'é🙂', '2000-01-01', 5)).toEqual([{ id: '9007199254740993', x: null, y: 'y' }])
    expect(await run('x', 'y', 0, '', '2024-02-29 01:02:03.000004', 1)).toHaveLength(1)
  })

  test('only queries can be prepared', async () => {
    await expect(server.client.execute('DELETE FROM d.t WHERE id = ?', [1])).rejects.toMatchObject({
      errno: 1295,
      message: 'This command is not supported in the prepared statement protocol yet',
    })
    await expect(server.client.execute('SELECT nosuch FROM d.t', [])).rejects.toMatchObject({ errno: 1064 })
    await expect(server.client.execute('SELECT 1 FROM d.nosuch', [])).rejects.toMatchObject({ errno: 5502 })
  })

  test('several statements in one text; the first error ends them', async () => {
    const client = await server.connect({ multipleStatements: true })
    const [results] = await client.query("SELECT 1 AS a; SET @x = ';'; SELECT @x AS b")
    expect(results).toEqual([[{ a: 1 }], expect.objectContaining({ affectedRows: 0 }), [{ b: ';' }]])
    await expect(client.query('SELECT 1; SELECT * FROM d.nosuch; DROP TABLE d.t')).rejects.toMatchObject({
      errno: 5502,
    })
    expect((await client.query('SELECT count(*) AS n FROM d.t'))[0]).toEqual([{ n: '2' }])
    client.destroy()
  })

  test('commands sent at once are answered in order', async () => {
    const answers = Array.from({ length: 50 }, (_, at) => server.client.query(`SELECT ${at} AS n, ${'x'.length}`))
    const rows = await Promise.all(answers)
    expect(rows.map(([found]) => (found as unknown as { n: number }[])[0]?.n)).toEqual(rows.map((_, at) => at))
  })

  test("sessions have their own database, and see each other's commits", async () => {
    await server.run('CREATE DATABASE IF NOT EXISTS other')
    const [first, second] = await Promise.all([
      server.connect({ database: 'd' }),
      server.connect({ database: 'other' }),
    ])
    await second.query('CREATE TABLE mine (id INT) PRIMARY KEY(id)')
    await second.query('INSERT INTO mine VALUES (1), (2), (1)')
    expect((await first.query('SELECT count(*) AS n, DATABASE() AS db FROM other.mine'))[0]).toEqual([
      { n: '2', db: 'd' },
    ])
    await expect(first.query('SELECT * FROM mine')).rejects.toMatchObject({ errno: 5502 })
    first.destroy()
    second.destroy()
  })

  test('a result larger than the buffers arrives whole at a client that reads late', async () => {
    const session = await rawSession(server.port)
    session.socket.pause()
    const sql = "SELECT generate_series, repeat('x', 1000) FROM generate_series(1, 30000)"
    const answers = session.ask(Buffer.concat([Buffer.from([0x03]), Buffer.from(sql)]), 30_000 + 5)
    expect(await server.texts('SELECT 1')).toEqual([['1']])
    const rows = (await answers).slice(4, -1).map(row => new FieldReader(row).lengthEncoded().toString())
    expect(rows).toEqual(Array.from({ length: 30_000 }, (_, at) => String(at + 1)))
    session.socket.destroy()
  })

  test('a request and an answer of more than 16 MB', async () => {
    const long = 'é'.repeat(9_000_000)
    const [rows] = await server.client.query(`SELECT '${long}' AS v, 1 AS one`)
    const [row] = rows as unknown as { v: string; one: number }[]
    expect(row?.one).toBe(1)
    expect(row?.v === long).toBe(true)
  })

  test('ping, change of user, reset and unknown commands', async () => {
    const client = await server.connect({ database: 'd' })
    await client.ping()
    await client.changeUser({ user: 'root', password: 'secret', database: 'd' })
    expect((await client.query('SELECT DATABASE() AS db'))[0]).toEqual([{ db: 'd' }])
    await expect(client.changeUser({ user: 'root', password: 'wrong' })).rejects.toMatchObject({ errno: 1045 })
    client.destroy()
  })

  test('KILL ends another session, KILL QUERY only its query', async () => {
    const victim = await server.connect()
    const id = ((await victim.query('SELECT CONNECTION_ID() AS id'))[0] as unknown as { id: number }[])[0]?.id
    // Attached before the query can fail, since the rejection may come while KILL is still being answered.
    const long = expect(
      victim.query(
        'SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b WHERE a.generate_series * b.generate_series = 7',
      ),
    ).rejects.toMatchObject({ errno: 1064, message: 'Cancelled by user' })
    await untilRunning(id)
    await server.run(`KILL QUERY ${id}`)
    await long
    expect((await victim.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
    await server.run(`KILL ${id}`)
    await expect(victim.query('SELECT 1')).rejects.toThrow()
    await expect(server.run('KILL 4711')).rejects.toMatchObject({ errno: 1094 })
  })

  test('a client that speaks another plugin is asked to switch', async () => {
    const answer = await rawLogin(server.port, 'caching_sha2_password')
    expect(answer.payload[0]).toBe(0xfe)
    expect(answer.payload.toString('latin1', 1, 22)).toBe('mysql_native_password')
  })

  test('COM_FIELD_LIST lists the columns, an unknown command is refused', async () => {
    const session = await rawSession(server.port)
    const columns = await session.ask(Buffer.concat([Buffer.from([0x04]), Buffer.from('t\0')]), 15)
    const name = new FieldReader(columns[0] as Buffer)
    const parts = Array.from({ length: 6 }, () => name.lengthEncoded().toString())
    expect(parts[4]).toBe('id')
    expect((columns[14] as Buffer)[0]).toBe(0xfe)
    const [refused] = await session.ask(Buffer.from([0x99]), 1)
    expect([refused?.[0], refused?.readUInt16LE(1)]).toEqual([0xff, 1047])
    session.socket.destroy()
  })
})

describe('packets', () => {
  test.each([0, 1, 0xfffffe, 0xffffff, 0x1000000, 0x1ffffff])('a payload of %i bytes passes, cut anywhere', size => {
    const builder = new PacketBuilder()
    builder.answer(4)
    builder.begin().raw(Buffer.alloc(size, 7)).end()
    builder.begin().text('next').end()
    const bytes = builder.take()
    const framer = new PacketFramer()
    const packets = [bytes.subarray(0, 3), bytes.subarray(3, 10), bytes.subarray(10)].flatMap(part => framer.push(part))
    const frames = Math.floor(size / 0xffffff) + 1
    expect(packets.map(packet => [packet.sequence, packet.payload.length])).toEqual([
      [4 + frames, size],
      [5 + frames, 4],
    ])
    expect(packets[0]?.payload.equals(Buffer.alloc(size, 7))).toBe(true)
  })
})

/** KILL QUERY only stops what has begun: asks the engine until the other session's query runs. */
async function untilRunning(id: number | undefined): Promise<void> {
  for (;;) {
    const rows = await server.texts(`SHOW PROCESSLIST WHERE Id = ${id} AND State = 'RUNNING'`)
    if (rows.length === 1) return
  }
}

async function rawLogin(port: number, plugin: string) {
  const { packets, socket } = openSocket(port)
  await packets.next()
  const out = new PacketBuilder()
  out.answer(0)
  out
    .begin()
    .uint(0x80000 | 0x200 | 0x8000, 4)
    .uint(0, 4)
    .uint(33, 1)
    .raw(Buffer.alloc(23))
  out.zeroEnded('root').uint(0, 1).zeroEnded(plugin).end()
  socket.write(out.take())
  const answer = await packets.next()
  socket.destroy()
  return answer
}

/** A session in database `d` that sends commands byte by byte. */
async function rawSession(port: number) {
  const { createHash } = await import('node:crypto')
  const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest()
  const { packets, socket } = openSocket(port)
  const greeting = new FieldReader((await packets.next()).payload, 1)
  greeting.zeroEnded()
  greeting.bytes(4)
  const head = greeting.bytes(8)
  greeting.bytes(19)
  const seed = Buffer.concat([head, greeting.bytes(12)])
  const once = sha1(Buffer.from('secret'))
  const mask = sha1(Buffer.concat([seed, sha1(once)]))
  const token = Buffer.from(once.map((byte, at) => byte ^ (mask[at] as number)))
  const out = new PacketBuilder()
  out.answer(0)
  out
    .begin()
    .uint(0x8 | 0x200 | 0x8000, 4)
    .uint(0, 4)
    .uint(33, 1)
    .raw(Buffer.alloc(23))
  out.zeroEnded('root').uint(20, 1).raw(token).zeroEnded('d').end()
  socket.write(out.take())
  expect((await packets.next()).payload[0]).toBe(0)
  return {
    socket,
    async ask(command: Buffer, answers: number): Promise<Buffer[]> {
      out.answer(-1)
      out.begin().raw(command).end()
      socket.write(out.take())
      const found: Buffer[] = []
      while (found.length < answers) found.push((await packets.next()).payload)
      return found
    },
  }
}

function openSocket(port: number): { socket: Socket; packets: { next(): Promise<{ payload: Buffer }> } } {
  const socket = connectSocket(port, '127.0.0.1')
  const framer = new PacketFramer()
  const ready: { payload: Buffer }[] = []
  const chunks = socket[Symbol.asyncIterator]()
  return {
    socket,
    packets: {
      async next() {
        while (ready.length === 0) {
          const chunk = await chunks.next()
          if (chunk.done) throw new Error('the server closed the connection')
          ready.push(...framer.push(chunk.value as Buffer))
        }
        return ready.shift() as { payload: Buffer }
      },
    },
  }
}
