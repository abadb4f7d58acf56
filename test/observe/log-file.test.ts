import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { LogFile } from '../../lib/observe/log-file.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-file-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const read = (name: string) => readFileSync(join(folder, name), 'utf8')

describe('rotation', () => {
  test('keeps the newest files in order and drops the oldest', () => {
    const file = new LogFile({ path: join(folder, 'sync.log'), maxBytes: 10, keep: 2 }, { write: () => undefined })
    for (const letter of 'abcde') file.write(`${letter.repeat(9)}\n`)
    expect(readdirSync(folder).sort()).toEqual(['sync.log', 'sync.log.1', 'sync.log.2'])
    expect([read('sync.log'), read('sync.log.1'), read('sync.log.2')].map(text => text[0])).toEqual(['e', 'd', 'c'])
  })

  test('does not touch a file below the size, nor one that another process appends to', () => {
    const options = { path: join(folder, 'sync.log'), maxBytes: 1000, keep: 2 }
    const [one, other] = [
      new LogFile(options, { write: () => undefined }),
      new LogFile(options, { write: () => undefined }),
    ]
    one.write('a\n')
    other.write('b\n')
    one.write('c\n')
    expect(read('sync.log')).toBe('a\nb\nc\n')
  })
})

test('lines that a full disk refuses go to the fallback, and the file says how many it misses', () => {
  const elsewhere: string[] = []
  const path = join(folder, 'sync.log')
  symlinkSync('/dev/full', path)
  const file = new LogFile({ path, maxBytes: 1000, keep: 1 }, { write: line => void elsewhere.push(line) })
  file.write('2026-11-21T01:02:03.004Z INFO  one\n')
  file.write('2026-11-21T01:02:03.005Z INFO  two\n')
  expect(elsewhere).toEqual([
    expect.stringMatching(/^cannot write .*sync\.log: .*ENOSPC.*; its lines follow here\n$/),
    '2026-11-21T01:02:03.004Z INFO  one\n',
    '2026-11-21T01:02:03.005Z INFO  two\n',
  ])
  rmSync(path)
  file.write('2026-11-21T01:02:03.006Z INFO  three\n')
  file.write('2026-11-21T01:02:03.007Z INFO  four\n')
  expect(read('sync.log').trim().split('\n')).toEqual([
    '2026-11-21T01:02:03.006Z WARN  2 lines before this one could not be written here',
    '2026-11-21T01:02:03.006Z INFO  three',
    '2026-11-21T01:02:03.007Z INFO  four',
  ])
})
