import { afterEach, describe, expect, test } from '@jest/globals'
import { Frontends } from '../../lib/starrocks/frontends.js'
import { rowField, StarRocksSession } from '../../lib/starrocks/starrocks-session.js'
import { QueryPort } from '../support/query-port.js'
import { closedPort } from '../support/stream-load-server.js'
import { sinkOptions } from './fixtures.js'

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function startServer(refusal: string | null = null): Promise<QueryPort> {
  const server = await QueryPort.start(refusal)
  closers.push(() => server.stop())
  return server
}

function session(...ports: number[]): StarRocksSession {
  const options = sinkOptions({ frontends: ports.map(queryPort => ({ host: '127.0.0.1', queryPort, httpPort: 9 })) })
  const opened = new StarRocksSession(options, new Frontends(options))
  closers.unshift(() => opened.close())
  return opened
}

describe('the query connection', () => {
  test('passes over an FE that is down; names are in lower case', async () => {
    const { port } = await startServer()
    const rows = await session(await closedPort(), port).query('SELECT current_version() AS V')
    expect(rowField(rows[0]!, 'v')).toBe('3.5.2-abc')
  })

  test('a wrong password is targetDenied and is not shown', async () => {
    const { port } = await startServer("Access denied for user 'sync'@'127.0.0.1' (using password: YES)")
    const asking = session(port).query('SELECT 1')
    await expect(asking).rejects.toMatchObject({
      kind: 'targetDenied',
      message: expect.stringMatching(/sync@127\.0\.0\.1/),
    })
    await expect(asking).rejects.not.toMatchObject({ message: expect.stringMatching(/cret/) })
  })

  test('a closed port is targetUnreachable', async () => {
    await expect(session(await closedPort()).query('SELECT 1')).rejects.toMatchObject({ kind: 'targetUnreachable' })
  })

  test.each([
    [5203, 'Access denied; you need the CREATE TABLE privilege', 'targetDenied'],
    [1064, 'Access denied for this operation', 'targetDenied'],
    [1064, 'A schema change operation is in progress on the table t.', 'targetBusy'],
    [1064, 'Getting analyzing error. Detail message: no.', 'targetUnfit'],
    [5502, "Unknown table 'x'", 'targetUnfit'],
  ])('error %d "%s" is %s', async (code, message, kind) => {
    const { port } = await startServer()
    await expect(session(port).query(`FAIL ${code} ${message}`)).rejects.toMatchObject({ kind })
  })

  test('a lost connection is opened again by the next statement', async () => {
    const { port, asked } = await startServer()
    const opened = session(port)
    await expect(opened.execute('LOSE')).rejects.toMatchObject({ kind: 'targetUnreachable' })
    expect(await opened.query('SELECT 1')).toHaveLength(1)
    expect(asked).toEqual(['LOSE', 'SELECT 1'])
  })

  test('closing ends a statement under way', async () => {
    const { port } = await startServer()
    const opened = session(port)
    const asking = opened.query('HANG')
    const closing = opened.close()
    await expect(asking).rejects.toMatchObject({ kind: 'targetUnreachable' })
    await closing
    await expect(opened.query('SELECT 1')).rejects.toMatchObject({ kind: 'internal' })
  })
})
