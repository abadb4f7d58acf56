import { describe, expect, test } from '@jest/globals'
import { env, load, MINIMAL, problems } from '../support/config-text.js'

describe('a valid file', () => {
  test('gets the defaults of the table', () => {
    const config = load(MINIMAL)
    expect(config).toMatchObject({
      mysql_addr: { host: 'db.example', port: 3307 },
      mysql_pass: '',
      sr_host: ['fe.example'],
      sr_port: 9030,
      sr_be_http: undefined,
      concurrent_size: 6,
      ack_win_bytes: 128 * 1024 * 1024,
      flush_bytes: 90 * 1024 * 1024,
      column_separator: '\\x01',
      delivery: 'auto',
      snapshot: { mode: 'never' },
      schema: { auto_create: true, be_num: 1 },
      rule: [],
    })
    expect(config.source).toEqual([
      { schema: 'shop', tables: ['orders', '/^log_[0-9]+$/'], at: { file: 'sync.toml', line: 6 } },
    ])
  })

  test.each([
    ['"db"', { host: 'db', port: 3306 }],
    ['"[::1]"', { host: '::1', port: 3306 }],
    ['"[fe80::1]:3310"', { host: 'fe80::1', port: 3310 }],
    ['"10.0.0.1:1"', { host: '10.0.0.1', port: 1 }],
  ])('mysql_addr = %s', (written, address) => {
    expect(load(MINIMAL.replace('"db.example:3307"', written)).mysql_addr).toEqual(address)
  })

  test('several FE hosts, and addresses of BE nodes', () => {
    const config = load(
      `sr_be_http = ["127.0.0.1:8040"]\nsr_be_address_map = { "10.0.0.7:8040" = "sr.example:18040" }\n${MINIMAL.replace('"fe.example"', '["fe1", "[::1]"]')}`,
    )
    expect(config.sr_host).toEqual(['fe1', '::1'])
    expect(config.sr_be_http).toEqual(['127.0.0.1:8040'])
    expect([...config.sr_be_address_map!]).toEqual([['10.0.0.7:8040', 'sr.example:18040']])
  })

  test.each([
    ['"1KB"', 1024],
    ['"1.5 MB"', 1.5 * 1024 * 1024],
    ['"2gb"', 2 * 1024 ** 3],
    ['4096', 4096],
  ])('flush_bytes = %s', (written, bytes) => {
    expect(load(`flush_bytes = ${written}\n${MINIMAL}`).flush_bytes).toBe(bytes)
  })

  test.each(['source', '+08:00', '-13:59', 'Asia/Shanghai', 'UTC'])('time_zone = "%s"', zone => {
    expect(load(`time_zone = "${zone}"\n${MINIMAL}`).time_zone).toBe(zone)
  })

  test('a rule has all its keys, and the place it stands at', () => {
    const config = load(`${MINIMAL}
[[rule]]
schema = "shop"
table = "/^log_([0-9]+)$/"
sr_table = "log_$1"
exclude = ["secret_note"]
flush_interval_ms = 500
load_format = "json"
rename = { nick = "nick_name" }
[rule.constants]
src = "$schema.$table"
n = 7
`)
    const [rule] = config.rule
    expect(rule).toMatchObject({ sr_table: 'log_$1', flush_interval_ms: 500, load_format: 'json', columns: undefined })
    expect([...rule!.rename!]).toEqual([['nick', 'nick_name']])
    expect([...rule!.constants!]).toEqual([
      ['src', '$schema.$table'],
      ['n', '7'],
    ])
    expect(rule!.at).toMatchObject({ file: 'sync.toml', line: 10 })
  })

  test('a rule tells where a character of an expression stands', () => {
    const text = `
[[rule]]
schema = "shop"
table = "orders"
where = """
qty > 1
  and "x" = status"""
computed = { a = 'qty', "b.c" = "concat(\\"é\\", status)" }
measures.n = "sum(${'${COLUMN}'})"
group_by = ["a", "b.c"]
`
    const { at } = load(`${MINIMAL}${text}`, env({ COLUMN: 'qty' })).rule[0]!
    const characterAt = at.characterAt!
    expect(characterAt(['where'], 0)).toBe('sync.toml:14:1')
    expect(characterAt(['where'], 'qty > 1\n  and "x" = '.length)).toBe('sync.toml:15:13')
    expect(characterAt(['computed', 'a'], 2)).toBe('sync.toml:16:21')
    expect(characterAt(['computed', 'b.c'], 'concat("é", '.length)).toBe('sync.toml:16:48')
    expect(characterAt(['measures', 'n'], 4)).toBeNull()
    expect(characterAt(['computed', 'none'], 0)).toBeNull()
  })

  test('CRLF line ends and a byte order mark are accepted', () => {
    expect(load(`\uFEFF${MINIMAL.replaceAll('\n', '\r\n')}`).mysql_user).toBe('sync')
  })

  test('files of rules/ are appended in the order given', () => {
    const rules = [
      { file: 'rules/a.toml', text: '[[source]]\nschema = "a"\ntables = ["t"]\n' },
      { file: 'rules/b.toml', text: '\n[[rule]]\nschema = "a"\ntable = "t"\n' },
      { file: 'rules/c.toml', text: '# nothing\n' },
    ]
    const config = load(MINIMAL, { rules })
    expect(config.source.map(block => block.schema)).toEqual(['shop', 'a'])
    expect(config.rule.map(block => block.at)).toMatchObject([{ file: 'rules/b.toml', line: 2 }])
  })

  test('the only [[source]] may stand in rules/', () => {
    const [head] = MINIMAL.split('[[source]]')
    const rules = [{ file: 'rules/a.toml', text: '[[source]]\nschema = "a"\ntables = ["t"]\n' }]
    expect(load(head!, { rules }).source).toHaveLength(1)
  })
})

describe('variables', () => {
  const withPass = `mysql_pass = "\${PASS}"\n${MINIMAL}`

  test('come from the environment, then from .env', () => {
    const dotEnv = { file: '.env', text: 'PASS=from-file\n' }
    expect(load(withPass, { dotEnv }).mysql_pass).toBe('from-file')
    expect(load(withPass, { dotEnv, ...env({ PASS: 'from-env' }) }).mysql_pass).toBe('from-env')
  })

  test('have defaults, also for an empty value', () => {
    const text = `mysql_pass = "a\${PASS:-x}b"\n${MINIMAL}`
    expect(load(text).mysql_pass).toBe('axb')
    expect(load(text, env({ PASS: '' })).mysql_pass).toBe('axb')
    expect(load(text, env({ PASS: 'y' })).mysql_pass).toBe('ayb')
  })

  test('stand in arrays and in the place of numbers and booleans', () => {
    const text = `sr_port = "\${PORT}"\nverify_checksum = "\${CHECK:-false}"\n${MINIMAL.replace('"orders"', '"${T}"')}`
    const config = load(text, env({ PORT: '9031', T: 'items' }))
    expect(config).toMatchObject({ sr_port: 9031, verify_checksum: false })
    expect(config.source[0]!.tables[0]).toBe('items')
  })

  test('text that only looks like a number is no number without a variable', () => {
    expect(problems(`sr_port = "9030"\n${MINIMAL}`)).toEqual([
      'sync.toml:1:11: sr_port must be an integer from 1 to 65535, but is a string\n  1 | sr_port = "9030"\n    |           ^',
    ])
  })

  test('$${ is a literal, and a lone $ stays', () => {
    expect(load(`mysql_pass = "a$\${b}$1"\n${MINIMAL}`).mysql_pass).toBe('a${b}$1')
  })

  test('all that are not set are named at once', () => {
    const text = `mysql_pass = "\${A_PASS}"\nstatsd_host = "\${B_HOST}"\n${MINIMAL}`
    expect(problems(text)).toEqual([
      'sync.toml:1:14: mysql_pass needs the variable A_PASS, which neither the environment nor a .env file sets\n  1 | mysql_pass = ***\n    |              ^',
      'sync.toml:2:15: statsd_host needs the variable B_HOST, which neither the environment nor a .env file sets\n  2 | statsd_host = "${B_HOST}"\n    |               ^',
    ])
  })

  test('a wrong value of a variable is not shown', () => {
    expect(problems(`sr_port = "\${PORT}"\n${MINIMAL}`, env({ PORT: 'tiger-lily' }))).toEqual([
      'sync.toml:1:11: sr_port must be an integer from 1 to 65535, but is a string (with the value of PORT)\n  1 | sr_port = "${PORT}"\n    |           ^',
    ])
  })

  test('a bad .env line is named by number only', () => {
    expect(problems(withPass, { dotEnv: { file: '.env', text: 'PASS=1\ntiger-lily\n' } })).toEqual([
      '.env:2:1: must be NAME=value, a comment or blank',
    ])
  })
})
