import { describe, expect, test } from '@jest/globals'
import { loadConfig } from '../../lib/config/load.js'
import { renderProblems } from '../../lib/config/problem.js'
import { redactConfig, secretsOf } from '../../lib/config/redact.js'

const SECRET = 'hunter-two'
const REST = `mysql_addr = "db"
mysql_user = "sync"
sr_host = "fe"
sr_user = "root"
sr_dbname = "demo"
[[source]]
schema = "shop"
tables = ["orders"]
`

describe('a secret stands in no message', () => {
  const cases: [string, string][] = [
    ['wrong type: array', `mysql_pass = ["${SECRET}"]`],
    ['wrong type: array over lines', `mysql_pass = [\n  "x",\n  "${SECRET}"\n]`],
    ['wrong type: table', `mysql_pass = { a = "${SECRET}" }`],
    ['wrong type: table of its own', `[mysql_pass]\na = "${SECRET}"`],
    ['misspelled key', `mysql_pas = "${SECRET}"`],
    ['misspelled beyond recognition', `my_db_key = "${SECRET}"`],
    ['key of mysql-gp-sync', `pg_pass = "${SECRET}"`],
    ['no quotes', `mysql_pass = ${SECRET}`],
    ['no equals sign', `mysql_pass ${SECRET}`],
    ['a colon', `mysql_pass: "${SECRET}"`],
    ['string not ended', `mysql_pass = "${SECRET}`],
    ['long string not ended', `mysql_pass = """\n${SECRET}`],
    ['unknown escape', `mysql_pass = "\\q${SECRET}"`],
    ['quote inside', `mysql_pass = "a"${SECRET}"`],
    ['twice', `mysql_pass = "x"\nmysql_pass = "${SECRET}"`],
    ['in an address', `mysql_addr = "sync:${SECRET}@db:3306"`],
    ['default of a bad variable', `mysql_pass = "\${MY-PASS:-${SECRET}}"`],
    ['control character', `mysql_pass = "${SECRET}\u0001"`],
    ['in a rules section', `[[rule]]\nschema = "a"\ntable = "t"\npassword = "${SECRET}"`],
    ['a variable in a wrong place', 'sr_port = "${SECRET_VALUE}"'],
    ['a variable in a list', 'sr_be_http = ["${SECRET_VALUE}"]'],
    ['a variable as a pattern', '[[source]]\nschema = "/[${SECRET_VALUE}/"\ntables = ["a"]'],
  ]
  test.each(cases)('%s', (_, lines) => {
    const text = lines.startsWith('[')
      ? `${REST}${lines}\n`
      : `${lines}\n${REST.replace(/mysql_addr.*\n/, lines.startsWith('mysql_addr') ? '' : '$&')}`
    const result = loadConfig({
      main: { file: 'sync.toml', text },
      rules: [],
      environment: new Map([['SECRET_VALUE', SECRET]]),
      dotEnv: null,
    })
    expect(result.ok).toBe(false)
    const report = renderProblems(result.ok ? [] : result.problems)
    expect(report).not.toContain(SECRET)
    expect(report).toMatch(/sync\.toml:\d+:\d+: \S/)
  })
})

describe('redaction', () => {
  const result = loadConfig({
    main: {
      file: 'sync.toml',
      text: `mysql_pass = "${SECRET}"\n${REST}[[rule]]\nschema = "a"\ntable = "b"\nrename = { c = "d" }\n`,
    },
    rules: [],
    environment: new Map(),
    dotEnv: null,
  })
  if (!result.ok) throw new Error(renderProblems(result.problems))

  test('replaces secrets that are set, and keeps the rest', () => {
    const shown = redactConfig(result.config)
    expect(JSON.stringify(shown)).not.toContain(SECRET)
    expect(shown).toMatchObject({ mysql_pass: '***', sr_pass: '', mysql_user: 'sync', rule: [{ rename: { c: 'd' } }] })
  })

  test('names the secrets for filters', () => {
    expect(secretsOf(result.config)).toEqual([SECRET])
  })
})
