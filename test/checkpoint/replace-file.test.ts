import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { replaceFile } from '../../lib/checkpoint/replace-file.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replace-file-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a private file is for its owner alone, also where an earlier one, or what a crash left of one, was not', async () => {
  const path = join(folder, 'state.json')
  await writeFile(path, 'old', { mode: 0o644 })
  await writeFile(`${path}.new`, 'left by a crash', { mode: 0o644 })
  await replaceFile(path, 'new', true)
  expect(await readFile(path, 'utf8')).toBe('new')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})
