import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Happening } from '../../lib/model/observer.js'
import { verifyContinuously } from '../../lib/verify/continuous-verify.js'
import { load, MINIMAL } from '../support/config-text.js'

let folder: string
let source: Server
let sourcePort: number
let calls: number

/** A source that ends every connection. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-'))
  calls = 0
  source = createServer(socket => {
    calls++
    socket.destroy()
  })
  await new Promise<void>(done => source.listen(0, '127.0.0.1', done))
  sourcePort = (source.address() as { port: number }).port
})
afterEach(async () => {
  source.close()
  await rm(folder, { recursive: true })
})

const configured = (every: string) =>
  load(
    MINIMAL.replace('db.example:3307', `127.0.0.1:${sourcePort}`).replace(
      '[[source]]',
      `[verify]\nevery = "${every}"\n[[source]]`,
    ),
  )

/** Runs until `enough` says so of what happened; resolves with all of it when the comparison has ended. */
async function happenedUntil(every: string, enough: (all: readonly Happening[]) => boolean): Promise<Happening[]> {
  const stop = new AbortController()
  const all: Happening[] = []
  const observer = (happening: Happening): void => {
    all.push(happening)
    if (enough(all)) stop.abort()
  }
  await verifyContinuously(() => configured(every), folder, observer, stop.signal)
  return all
}

test('a comparison that cannot be made is a warning, and is tried again', async () => {
  const all = await happenedUntil('1s', found => found.length === 2)
  for (const happening of all)
    expect(happening).toMatchObject({
      kind: 'warning',
      message: expect.stringMatching(/^The tables could not be compared: MySQL at 127\.0\.0\.1:/),
    })
  expect(calls).toBe(2)
})

test('what an earlier process found is told, and counts for when the next comparison is due', async () => {
  const summary = { at_ms: Date.now() - 60_000, ms: 10, tables: 1, rows: 2, findings: [] }
  await writeFile(join(folder, 'verify.json'), JSON.stringify(summary))
  expect(await happenedUntil('24h', found => found.length === 1)).toEqual([{ kind: 'verified', summary, again: true }])
  expect(calls).toBe(0)

  const due = await happenedUntil('50s', found => found.length === 2)
  expect(due.map(({ kind }) => kind)).toEqual(['verified', 'warning'])
  expect(calls).toBe(1)
  expect(JSON.parse(await readFile(join(folder, 'verify.json'), 'utf8'))).toEqual(summary)
})

test('a summary that cannot be read as one is made anew', async () => {
  await writeFile(join(folder, 'verify.json'), '{"at_ms": ')
  const [first] = await happenedUntil('24h', found => found.length === 1)
  expect(first).toMatchObject({ kind: 'warning' })
  expect(calls).toBe(1)
})
