import { describe, expect, test } from '@jest/globals'
import { PLAIN_SHAPE } from '../../lib/model/rule-shape.js'
import type { TableSchema } from '../../lib/model/schema.js'
import { readTableSchema } from '../../lib/mysql/catalog.js'
import { SourceSession } from '../../lib/mysql/session.js'
import { planShape } from '../../lib/rules/shape/shaped-table.js'
import { failureOf } from '../support/failure-of.js'
import { rule } from '../support/rule-spec.js'
import { freshSchema, sharedServer } from '../support/servers.js'
import { sourceAddressOf } from '../support/source-address.js'

const SHARED = [
  'utf8mb4_general_ci',
  'utf8mb4_unicode_ci',
  'utf8mb4_unicode_520_ci',
  'utf8mb4_bin',
  'utf8mb3_general_ci',
]
const LATIN = [
  'latin1_swedish_ci',
  'latin1_general_ci',
  'latin1_general_cs',
  'latin1_german1_ci',
  'latin1_danish_ci',
  'latin1_bin',
]
const OWN = {
  mysql: ['utf8mb4_0900_ai_ci', 'utf8mb4_0900_as_ci', 'utf8mb4_0900_as_cs', 'utf8mb4_0900_bin'],
  mariadb: ['utf8mb4_uca1400_ai_ci', 'utf8mb4_uca1400_as_ci', 'utf8mb4_uca1400_as_cs', 'utf8mb4_general_nopad_ci'],
} as const

/** All of latin1. */
const LATIN_WORDS =
  'paid PAID Paid päid pÃid straße strasse STRASSE øl ol OL æ ae AE ü u y Ü ÿ å a Å z ö é E ñ n ç c ð d þ ¿ ×'.split(
    ' ',
  )
const SPACED = ['', ' ', 'paid ', 'paid  ', 'PAID ', 'a b', 'tab\there']
const UNICODE_WORDS = 'й и Й ё е Ё ł l Ł ı i İ σ ς Σ ώ ω ж Ж д ά α'.split(' ')
const ASTRAL = ['😀', '😁', '😀x']

const conditions = (charset: string): string[] => [
  ...["'paid'", "'straße'", "'ol'", "'æ'", "'u'", "'E'", "'a'", "''", "'PAID '"].map(text => `c = ${text}`),
  ...(charset === 'latin1' ? [] : ["c = 'и'", "c = 'е'", "c = 'ς'", "c = 'l'", "c like 'Й'", "c in ('Ж', 'ω')"]),
  ...(charset === 'utf8mb4' ? ["c = '😀'"] : []),
  "c <> 'paid'",
  "c <=> 'PAID'",
  "c < 'm'",
  "c >= 'p'",
  "c between 'a' and 'p'",
  "c in ('PAID', 'ae', 'OL')",
  "c not in ('PAID', 'U')",
  "c like 'P%'",
  "c like 'stra_e'",
  "c like 'p_id'",
  "case c when 'PAID' then 1 else 0 end",
  "nullif(c, 'paid') is null",
  `c collate ${charset}_bin = 'paid'`,
  `'Paid' = c collate ${charset}_bin`,
  "concat(c, 'X') = 'paidx'",
]

describe.each(['mysql', 'mariadb'] as const)('filters over columns of %s', kind => {
  test('keep the rows that SELECT shows, by the collation of each column', async () => {
    const server = await sharedServer(kind)
    const schema = await freshSchema(server)
    const connection = await server.connect({ database: schema, charset: 'utf8mb4' })
    const session = await SourceSession.connect(sourceAddressOf(server))
    const wrong: string[] = []
    try {
      for (const collation of [...SHARED, ...LATIN, ...OWN[kind]]) {
        const charset = collation.split('_')[0]!
        await connection.query(
          `set names utf8mb4 collate ${kind === 'mysql' ? 'utf8mb4_0900_ai_ci' : 'utf8mb4_general_ci'}`,
        )
        await connection.query(`create table ${collation} (id int primary key, c varchar(20) collate ${collation})`)
        const words = [
          ...LATIN_WORDS,
          ...SPACED,
          ...(charset === 'latin1' ? [] : UNICODE_WORDS),
          ...(charset === 'utf8mb4' ? ASTRAL : []),
        ]
        await connection.query(`insert into ${collation} values ?`, [words.map((word, id) => [id, word])])
        const table = (await readTableSchema(session, schema, collation))!
        expect(table.columns[1]).toMatchObject({ charset, collation })
        for (const where of conditions(charset)) {
          const [rows] = await connection.query(`select id from ${collation} where ${where} order by id`)
          const shown = (rows as { id: number }[]).map(({ id }) => words[id]!)
          const kept = keptBy(table, where, words)
          if (shown.join('|') !== kept.join('|')) {
            const differing = words.filter(word => shown.includes(word) !== kept.includes(word))
            wrong.push(`${collation}: ${where}: ${differing.join(' ')} (${shown.length} shown, ${kept.length} kept)`)
          }
        }
      }
    } finally {
      await connection.end()
      await session.close()
    }
    expect(wrong.join('\n')).toBe('')
  }, 180_000)

  test('are refused where the order of the collation is not known, and say what to write', async () => {
    const server = await sharedServer(kind)
    const schema = await freshSchema(server)
    await server.sql([`create table ${schema}.t (id int primary key, c varchar(20) collate utf8mb4_spanish_ci)`])
    const session = await SourceSession.connect(sourceAddressOf(server))
    try {
      const table = (await readTableSchema(session, schema, 't'))!
      const { kind: what, message } = failureOf(() => keptBy(table, "c = 'x'", []))
      expect(what).toBe('ruleInvalid')
      expect(message).toContain('c has the collation utf8mb4_spanish_ci, whose order is not known here')
      expect(message).toContain('collate utf8mb4_bin')
      expect(keptBy(table, "c collate utf8mb4_bin = 'x'", ['x', 'X'])).toEqual(['x'])
      expect(keptBy(table, "cast(c as char) = 'x'", ['x', 'X'])).toEqual(['x', 'X'])
      expect(keptBy(table, "length(concat(c, '!')) = 2 and c is not null", ['x', 'XX'])).toEqual(['x'])
    } finally {
      await session.close()
    }
  }, 180_000)
})

function keptBy(table: TableSchema, where: string, words: readonly string[]): string[] {
  const matched = { rule: rule({ shape: { ...PLAIN_SHAPE, where } }), database: 'd', table: 't' }
  const { filter, slots } = planShape(table, matched)
  return words.filter((word, id) => filter!.isIn(slots.reads.map(({ column }) => (column === 0 ? id : word))))
}
