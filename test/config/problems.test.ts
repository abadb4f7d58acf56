import { describe, expect, test } from '@jest/globals'
import { loadConfig } from '../../lib/config/load.js'
import { renderProblems } from '../../lib/config/problem.js'
import { input, MINIMAL, problems } from '../support/config-text.js'

describe('problems', () => {
  const cases: [string, string, string[]][] = [
    [
      'unknown key',
      'mysql_adr = "a"',
      ['sync.toml:1:1: unknown key mysql_adr; did you mean mysql_addr?\n  1 | mysql_adr = ***\n    | ^'],
    ],
    [
      'key of mysql-gp-sync',
      'pg_host = "a"',
      ['sync.toml:1:1: unknown key pg_host; it is spelled sr_host here\n  1 | pg_host = ***\n    | ^'],
    ],
    ['key far from all others', 'zebra = 1', ['sync.toml:1:1: unknown key zebra\n  1 | zebra = ***\n    | ^']],
    [
      'section misspelled',
      'snapshots = 1',
      ['sync.toml:1:1: unknown key snapshots; did you mean [snapshot]?\n  1 | snapshots = ***\n    | ^'],
    ],
    [
      'wrong type',
      'concurrent_size = true',
      [
        'sync.toml:1:19: concurrent_size must be an integer from 1 to 256, but is a boolean\n  1 | concurrent_size = true\n    |                   ^',
      ],
    ],
    [
      'out of range',
      'sr_port = 70000',
      ['sync.toml:1:11: sr_port must be an integer from 1 to 65535\n  1 | sr_port = 70000\n    |           ^'],
    ],
    [
      'beyond all integers',
      'sr_port = 99999999999999999999',
      [
        'sync.toml:1:11: sr_port must be an integer from 1 to 65535, but is an integer beyond all bounds\n  1 | sr_port = 99999999999999999999\n    |           ^',
      ],
    ],
    [
      'not a number',
      'sr_port = nan',
      [
        'sync.toml:1:11: sr_port must be an integer from 1 to 65535, but is a fraction\n  1 | sr_port = nan\n    |           ^',
      ],
    ],
    [
      'unknown word',
      'flavor = "percona"',
      ['sync.toml:1:10: flavor must be "mysql" or "mariadb"\n  1 | flavor = "percona"\n    |          ^'],
    ],
    [
      'bad rows',
      'on_bad_row = "skip"',
      ['sync.toml:1:14: on_bad_row must be "stop" or "dead_letter"\n  1 | on_bad_row = "skip"\n    |              ^'],
    ],
    [
      'size',
      'flush_bytes = "90XB"',
      [
        'sync.toml:1:15: flush_bytes must be a size from "1KB" to "10GB", such as "90MB" (B, KB, MB, GB)\n  1 | flush_bytes = "90XB"\n    |               ^',
      ],
    ],
    [
      'zone',
      'time_zone = "Mars/Base"',
      [
        'sync.toml:1:13: time_zone must be "source", an offset such as "+08:00", or a zone name such as "Asia/Shanghai"\n  1 | time_zone = "Mars/Base"\n    |             ^',
      ],
    ],
    [
      'window smaller than lanes',
      'concurrent_ack_win = 5',
      [
        'sync.toml:1:22: concurrent_ack_win must be at least concurrent_size (6)\n  1 | concurrent_ack_win = 5\n    |                      ^',
      ],
    ],
    [
      'read timeout against heartbeat',
      'heartbeat_ms = 9000',
      [
        'sync.toml:1:16: read_timeout_ms must be at least twice heartbeat_ms (9000)\n  1 | heartbeat_ms = 9000\n    |                ^',
      ],
    ],
    [
      'equal separators',
      "column_separator = '\\x02'",
      [
        "sync.toml:1:20: row_delimiter must differ from column_separator\n  1 | column_separator = '\\x02'\n    |                    ^",
      ],
    ],
    [
      'verify-ca without authorities',
      'mysql_ssl = "verify-ca"',
      [
        'sync.toml:1:13: mysql_ssl = "verify-ca" needs mysql_ssl_ca\n  1 | mysql_ssl = "verify-ca"\n    |             ^',
      ],
    ],
    [
      'element of a table',
      'sr_be_address_map = { "a:1" = "b" }',
      [
        'sync.toml:1:31: sr_be_address_map must be "host:port" (IPv6 as "[::1]:8040")\n  1 | sr_be_address_map = { "a:1" = "b" }\n    |                               ^',
      ],
    ],
    [
      'key of a table',
      'sr_be_address_map = { "a" = "b:1" }',
      [
        'sync.toml:1:29: sr_be_address_map must be "host:port" (IPv6 as "[::1]:8040")\n  1 | sr_be_address_map = { "a" = "b:1" }\n    |                             ^',
      ],
    ],
    [
      'section written as a value',
      'schema = "x"',
      ['sync.toml:1:1: schema must be a section: [schema]\n  1 | schema = "x"\n    | ^'],
    ],
    [
      'blocks written as a value',
      'rule = 1',
      ['sync.toml:1:1: rule must be written as blocks: [[rule]]\n  1 | rule = 1\n    | ^'],
    ],
    [
      'duplicate key',
      'mysql_user = "a"',
      [
        'sync.toml:3:1: mysql_user stands here a second time; the first is in line 1\n  3 | mysql_user = "sync"\n    | ^',
      ],
    ],
    [
      'no value',
      'sr_port =',
      [
        'sync.toml:1:10: not TOML: unexpected character, expecting string, number, datetime, boolean, inline array or inline table\n  1 | sr_port =\n    |          ^',
      ],
    ],
    [
      'basic string with \\x',
      'column_separator = "\\x01"',
      [
        'sync.toml:1:22: not TOML: unknown escape; write text with backslashes in single quotes\n  1 | column_separator = "\\x01"\n    |                      ^',
      ],
    ],
    [
      'no equals sign',
      'sr_port 9030',
      ['sync.toml:1:9: not TOML: invalid character, expected "="\n  1 | sr_port 9030\n    |         ^'],
    ],
    [
      'half a variable',
      'statsd_host = "${X"',
      [
        'sync.toml:1:15: statsd_host holds a "${" that begins no variable; write ${NAME}, ${NAME:-default}, or $${ for the characters themselves\n  1 | statsd_host = "${X"\n    |               ^',
      ],
    ],
    [
      'tabs before the place',
      'sr_port\t=\t"x"',
      [
        'sync.toml:1:11: sr_port must be an integer from 1 to 65535, but is a string\n  1 | sr_port\t=\t"x"\n    |        \t \t^',
      ],
    ],
  ]
  test.each(cases)('%s', (_, line, expected) => {
    expect(problems(`${line}\n${MINIMAL}`)).toEqual(expected)
  })

  const endings: [string, string, string[]][] = [
    [
      'key behind a section',
      '[schema]\nsr_host = "x"',
      [
        'sync.toml:10:1: unknown key sr_host in [schema]; it belongs above the first [section]\n  10 | sr_host = ***\n     | ^',
      ],
    ],
    [
      'a word that a section does not know',
      '[snapshot]\nmode = "always"',
      ['sync.toml:10:8: mode must be "never", "initial" or "when_needed"\n  10 | mode = "always"\n     |        ^'],
    ],
    [
      'unknown section',
      '[shema]\nbe_num = 1',
      ['sync.toml:9:1: unknown key shema; did you mean [schema]?\n  9 | [shema]\n    | ^'],
    ],
    [
      'section twice',
      '[schema]\n[snapshot]\n[schema]',
      ['sync.toml:11:1: schema stands here a second time; the first is in line 9\n  11 | [schema]\n     | ^'],
    ],
    [
      'one bracket too few',
      '[source]\nschema = "a"',
      ['sync.toml:9:1: source stands here a second time; the first is in line 6\n  9 | [source]\n    | ^'],
    ],
    [
      'rule without table',
      '[[rule]]\nschema = "a"',
      ['sync.toml:9:1: table is missing in [[rule]]; Source table the rule is for.\n  9 | [[rule]]\n    | ^'],
    ],
    [
      'gp-sync rule key',
      '[[rule]]\nschema = "a"\ntable = "t"\npg_table = "u"',
      [
        'sync.toml:12:1: unknown key pg_table in [[rule]]; it is spelled sr_table here\n  12 | pg_table = ***\n     | ^',
      ],
    ],
    [
      'regular expression that does not compile',
      '[[source]]\nschema = "a"\ntables = [\n  "ok",\n  "/([/",\n]',
      [
        'sync.toml:13:3: tables is not a valid regular expression (Unterminated character class)\n  13 |   "/([/",\n     |   ^',
      ],
    ],
    [
      'regular expression without its end',
      '[[source]]\nschema = "/abc"\ntables = ["a"]',
      [
        'sync.toml:10:10: schema must end with a slash when it begins with one: "/regex/"\n  10 | schema = "/abc"\n     |          ^',
      ],
    ],
    [
      'no tables',
      '[[source]]\nschema = "a"\ntables = []',
      ['sync.toml:11:10: tables must not be empty\n  11 | tables = []\n     |          ^'],
    ],
    [
      'column taken and left out',
      '[[rule]]\nschema = "a"\ntable = "t"\ncolumns = ["x"]\nexclude = ["x"]',
      [
        'sync.toml:13:11: exclude names column "x", which columns names too\n  13 | exclude = ["x"]\n     |           ^',
      ],
    ],
    [
      'two columns of one name',
      '[[rule]]\nschema = "a"\ntable = "t"\nrename = { b = "z", c = "z" }',
      [
        'sync.toml:12:10: rename gives two columns the name "z"\n  12 | rename = { b = "z", c = "z" }\n     |          ^',
      ],
    ],
  ]
  test.each(endings)('%s', (_, lines, expected) => {
    expect(problems(`${MINIMAL}${lines}\n`)).toEqual(expected)
  })

  test('an empty file misses every required key', () => {
    expect(problems('').map(text => text.split('\n')[0]!.replace(/;.*/, ''))).toEqual([
      'sync.toml:1:1: mysql_addr is missing',
      'sync.toml:1:1: mysql_user is missing',
      'sync.toml:1:1: sr_host is missing',
      'sync.toml:1:1: sr_user is missing',
      'sync.toml:1:1: sr_dbname is missing',
      'sync.toml:1:1: [[source]] is missing',
    ])
  })

  test('all files and all kinds are reported at once, in order', () => {
    const text = `pg_port = 1\nsr_port = "x"\nmysql_pass = "\${NOPE}"\nsr_port = 2\n${MINIMAL.replace('sr_user = "root"\n', '')}`
    const rules = [
      { file: 'rules/a.toml', text: 'sr_host = "x"\n[[rule]]\nschema = "s"\n' },
      { file: 'rules/b.toml', text: '[[rule]\n' },
    ]
    expect(problems(text, { rules }).map(p => p.split('\n')[0])).toEqual([
      'sync.toml:1:1: unknown key pg_port; it is spelled sr_port here',
      'sync.toml:1:1: sr_user is missing; StarRocks user; needs INSERT, SELECT, CREATE TABLE and ALTER on the target databases.',
      'sync.toml:2:11: sr_port must be an integer from 1 to 65535, but is a string',
      'sync.toml:3:14: mysql_pass needs the variable NOPE, which neither the environment nor a .env file sets',
      'sync.toml:4:1: sr_port stands here a second time; the first is in line 2',
      'rules/a.toml:1:1: sr_host does not belong here; a file in rules/ holds [[source]] and [[rule]] blocks only',
      'rules/a.toml:2:1: table is missing in [[rule]]; Source table the rule is for.',
      'rules/b.toml:1:8: not TOML: unexpected character, expected whitespace, . or ]',
    ])
  })

  test('a file cut anywhere, or with any character doubled, is judged and never thrown at', () => {
    const text = `${MINIMAL}[[rule]]\nschema = 'a'\ntable = "t"\nrename = { b = "c" }\n[schema]\nbe_num = 2 # x\n`
    for (let at = 0; at <= text.length; at++) {
      for (const damaged of [text.slice(0, at), text.slice(0, at) + text.slice(Math.max(0, at - 1))]) {
        for (const problem of problems(damaged)) expect(problem).toMatch(/^sync\.toml:\d+:\d+: \S/)
      }
    }
  })

  test('the count closes the report', () => {
    const result = loadConfig(input(`zebra = 1\n${MINIMAL}`))
    expect(renderProblems(result.ok ? [] : result.problems)).toMatch(/\n1 problem in the configuration\.$/)
  })
})
