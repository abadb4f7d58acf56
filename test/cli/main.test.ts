import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { main } from '../../lib/cli/main.js'
import { readConfig } from '../../lib/cli/read-config.js'
import { Failure } from '../../lib/model/failure.js'
import { MINIMAL } from '../support/config-text.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', '']
  const code = await main(args, {
    out: text => {
      out += `${text}\n`
    },
    err: text => {
      err += `${text}\n`
    },
  })
  return { code, out, err }
}

describe('the command line', () => {
  test('--help lists every command, each has its own', async () => {
    const { code, out } = await cli('--help')
    expect(code).toBe(0)
    const names = [...out.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)].map(match => match[1])
    expect(names).toEqual(
      'start stop status monitor run reload recopy check schema explain test-rules copy wait verify halted dlq keys sandbox demo'.split(
        ' ',
      ),
    )
    for (const name of names.filter(other => other !== 'demo')) {
      const help = await cli(name!, '--help')
      expect(help).toMatchObject({ code: 0, err: '' })
      expect(help.out).toMatch(new RegExp(`^Usage: mysql-sr-sync ${name} `))
    }
  })

  test('--version is that of package.json', async () => {
    const { version } = JSON.parse(
      readFileSync(fileURLToPath(new URL('../../../package.json', import.meta.url)), 'utf8'),
    )
    expect(await cli('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })

  test.each([
    [[], /^Keeps StarRocks/],
    [['stat'], /^unknown command stat; did you mean status\?\n/],
    [['zzz'], /^unknown command zzz\n/],
    [['constructor'], /^unknown command constructor\n/],
    [['status', '--jsno'], /^unknown flag --jsno; did you mean --json\?\n/],
    [['status', '-x'], /^unknown flag -x\n/],
    [['status', 'extra'], /^unexpected argument "extra"\n/],
    [['status', '--json=1'], /^--json takes no value\n/],
    [['status', '-c'], /^-c needs a value: FILE\n/],
    [['stop', '--timeout', 'soon'], /^--timeout must be a number from 0 to 86400\n/],
    [['sandbox', '--mode', 'full'], /^--mode must be one of duckdb, count, null\n/],
    [['sandbox', '--version', 'new'], /^--version must be a release of StarRocks/],
    [['sandbox', '--fault', 'nothing=1'], /^--fault: unknown fault "nothing"; known: /],
    [['sandbox', '--fault', 'answerLost=1', '--fault', 'answerLost=x'], /^--fault: fault "answerLost" takes a number/],
    [['sandbox', '--fe-port', '70000'], /^--fe-port must be a number from 0 to 65535\n/],
  ])('%j is a usage error', async (args, text) => {
    const { code, out, err } = await cli(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(text)
  })

  test('keys lists every key', async () => {
    const { out } = await cli('keys')
    expect(out).toContain('  sr_be_http (array of "host:port"; optional)\n')
    expect(out).toContain("  column_separator (string; default '\\x01')\n")
    expect(out).toContain('[[rule]]')
  })
})

describe('reading the configuration', () => {
  const file = () => join(folder, 'sync.toml')

  test('gives absolute places, and the blocks of rules/ in name order', () => {
    writeFileSync(file(), MINIMAL)
    mkdirSync(join(folder, 'rules'))
    for (const name of ['b.toml', 'a.toml', 'x.mjs', '.hidden.toml']) {
      writeFileSync(
        join(folder, 'rules', name),
        name.endsWith('toml') ? `[[source]]\nschema = "${name}"\ntables = ["t"]\n` : '',
      )
    }
    const read = readConfig({ config: file() })
    expect(read).toMatchObject({
      file: file(),
      baseDir: folder,
      dataDir: join(folder, 'var'),
      logFile: join(folder, 'sync.log'),
    })
    expect(read.config.source.map(({ schema }) => schema)).toEqual(['shop', 'a.toml', 'b.toml'])
  })

  test('takes variables from .env beside the file', () => {
    writeFileSync(file(), `mysql_pass = "\${CLI_TEST_PASS}"\n${MINIMAL}`)
    writeFileSync(join(folder, '.env'), 'CLI_TEST_PASS=x y # z\n')
    expect(readConfig({ config: file() }).config.mysql_pass).toBe('x y')
  })

  test.each([
    ['missing', () => undefined, /^there is no file .*sync\.toml$/],
    ['a folder', () => mkdirSync(file()), /^cannot read .*sync\.toml: it is a folder$/],
    ['Latin-1', () => writeFileSync(file(), Buffer.from([0x23, 0xe9, 0x0a])), /^.*sync\.toml is not UTF-8 text$/],
    [
      'UTF-16',
      () => writeFileSync(file(), Buffer.from(`\uFEFF${MINIMAL}`, 'utf16le')),
      /^.*sync\.toml is not UTF-8 text$/,
    ],
    ['empty', () => writeFileSync(file(), ''), /sync\.toml:1:1: mysql_addr is missing/],
    [
      'rules is a file',
      () => [writeFileSync(file(), MINIMAL), writeFileSync(join(folder, 'rules'), '')],
      /^cannot read .*rules: /,
    ],
  ])('%s is a failure of the configuration', (_, make, message) => {
    make()
    const error = caught(() => readConfig({ config: file() }))
    expect(error).toMatchObject({ kind: 'configInvalid', exitCode: 2 })
    expect(error.message).toMatch(message)
  })

  test('every command that needs it shows its problems and exits with 2', async () => {
    writeFileSync(file(), 'zebra = 1\n')
    for (const name of ['start', 'run', 'check', 'wait']) {
      const { code, err } = await cli(name, '-c', file())
      expect({ name, code }).toEqual({ name, code: 2 })
      expect(err).toContain('unknown key zebra')
    }
  })
})

function caught(action: () => unknown): Failure {
  try {
    action()
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('no failure')
}
