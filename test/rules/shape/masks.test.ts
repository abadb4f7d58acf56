import { createHmac } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { asFailure, type Failure } from '../../../lib/model/failure.js'
import { PLAIN_SHAPE, type RuleShape } from '../../../lib/model/rule-shape.js'
import type { SourceColumn, TableSchema, TargetTable } from '../../../lib/model/schema.js'
import type { CopyRoutes } from '../../../lib/rules/copy-routes.js'
import { Router } from '../../../lib/rules/router.js'
import { RuleBook, type RuleSpec } from '../../../lib/rules/rule-book.js'
import { MaskSalt } from '../../../lib/rules/shape/mask-salt.js'
import { UTC } from '../../support/encoded-rows.js'
import { rule } from '../../support/rule-spec.js'
import { sourceColumn, sourceTable } from '../../support/source-column.js'
import { textImage } from '../../support/text-images.js'

const SALT = '0123456789abcdef'
const PLACE = { binName: 'b.1', binPos: 4, event: 0 }
const CANARY = 'canary@raw.example'
const hash = (value: string | Buffer) => createHmac('sha256', SALT).update(value).digest('hex')

const WARNED: string[] = []

type Parts = Partial<RuleSpec> & { readonly mask: Record<string, string>; readonly more?: Partial<RuleShape> }

const text = (name: string, more: Partial<SourceColumn> = {}) =>
  sourceColumn(name, 'varchar', { maxLength: 40, charset: 'utf8mb4', ...more })
const T = sourceTable([sourceColumn('id', 'int'), text('mail'), text('phone')])

async function copyOf(
  schema: TableSchema,
  { mask, more, ...parts }: Parts,
  targets: TargetTable[] = [],
): Promise<CopyRoutes> {
  const separator = (byte: number) => ({ text: `\\x0${byte}`, bytes: Uint8Array.of(byte) })
  const shape = { ...PLAIN_SHAPE, mask: new Map(Object.entries(mask)), salt: new MaskSalt(SALT), ...more }
  const router = new Router(
    {
      columnSeparator: separator(1),
      rowDelimiter: separator(2),
      zone: UTC,
      skipTablesWithoutKey: false,
      stopsAtBadValues: true,
    },
    new RuleBook([{ schema: 's', tables: ['/./'] }], [rule({ ...parts, shape })], 'd'),
    {
      schemaFor: () => schema,
      inspect: async () => null,
      prepare: async wish => {
        const target = { ...wish, columns: wish.columns.map(c => ({ ...c, hasDefault: false })) }
        targets.push(target)
        return target
      },
      observer: happening => {
        if (happening.kind === 'warning') WARNED.push(happening.message)
      },
    },
  )
  return router.copyRoutes(schema)
}

async function refused(attempt: () => unknown): Promise<Failure> {
  try {
    await attempt()
  } catch (error) {
    return asFailure(error)
  }
  throw new Error('it was not refused')
}

/** A row as the copy selects it: of columns that no way needs nothing is read. */
function image(copy: CopyRoutes, row: Readonly<Record<string, string | Buffer | null>>): Buffer {
  return textImage(copy.expressions.map(expression => row[expression.replaceAll('`', '')] ?? null))
}

type Op = 'insert' | 'update' | 'delete'

/** What a rule writes of images: "op: fields" of each row. */
function written(copy: CopyRoutes, op: Op, ...images: readonly Buffer[]): string[] {
  const buffer = Buffer.concat(images)
  return copy.routes.flatMap(route => {
    const shaped = route.shape!({ op, buffer, at: 0, end: buffer.length }, PLACE, 0, false)
    return shaped.pieces.flatMap(({ images: { op: done, buffer: b, at, end }, route: inner }) => {
      const { encoder } = inner.csv!
      const rows: string[] = []
      for (let p = at; p < end; ) {
        const image = done === 'update' ? encoder.skip(b, p, end) : p
        const out = Buffer.alloc(4096)
        if (inner.mode === 'append') encoder.setChange(done, PLACE, 0, rows.length)
        const q = encoder.encode(b, image, end, out, 0, done === 'delete' ? 1 : 0)
        rows.push(`${done}: ${out.toString('utf8', 0, q - 1).replaceAll('\x01', '|')}`)
        p = encoder.end
      }
      return rows
    })
  })
}

describe('rows of a masked table', () => {
  test('are written with the masks in place of the values, NULL as NULL', async () => {
    const targets: TargetTable[] = []
    const copy = await copyOf(T, { mask: { mail: 'email', phone: 'keep(3,4)' } }, targets)
    expect(targets[0]!.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id int',
      'mail varchar(172)',
      'phone varchar(160)',
    ])
    const images = [
      image(copy, { id: '1', mail: CANARY, phone: '13812345678' }),
      image(copy, { id: '2', mail: null, phone: null }),
    ]
    expect(written(copy, 'insert', ...images)).toEqual([
      'insert: 1|c***@raw.example|138****5678|0',
      'insert: 2|\\N|\\N|0',
    ])
    expect(written(copy, 'update', ...images)).toEqual(['update: 2|\\N|\\N|0'])
    expect(written(copy, 'delete', images[0]!)).toEqual(['delete: 1|\\N|\\N|1'])
  })

  test('may be renamed, left out and cast', async () => {
    const parts = { rename: new Map([['mail', 'contact']]), exclude: ['phone'] }
    const copy = await copyOf(T, { mask: { mail: 'sha256', phone: 'null' }, ...parts })
    expect(written(copy, 'insert', image(copy, { id: '1', mail: CANARY, phone: null }))).toEqual([
      `insert: 1|${hash(CANARY)}|0`,
    ])
  })

  test('have the hash of their bytes, not of what stands for them', async () => {
    const schema = sourceTable([sourceColumn('id', 'int'), sourceColumn('raw', 'varbinary', { maxLength: 9 })])
    const copy = await copyOf(schema, { mask: { raw: 'sha256' } })
    const raw = Buffer.from([0, 255, 1])
    expect(written(copy, 'insert', image(copy, { id: '1', raw: raw }))).toEqual([`insert: 1|${hash(raw)}|0`])
  })

  test('mode = "append"', async () => {
    const copy = await copyOf(T, { mode: 'append', mask: { id: 'null', mail: 'email', phone: 'truncate(2)' } })
    expect(written(copy, 'delete', image(copy, { id: '1', mail: CANARY, phone: '138' }))).toEqual([
      'delete: b.1|4|0|0|delete|1970-01-01 00:00:00.000000|\\N|c***@raw.example|13',
    ])
  })

  test('grouped by what is left of a value', async () => {
    const measures = new Map([['n', { of: 'count' as const }]])
    const copy = await copyOf(T, { mode: 'aggregate', groupBy: ['phone'], measures, mask: { phone: 'truncate(3)' } })
    const images = [
      image(copy, { id: '1', mail: CANARY, phone: '13812345678' }),
      image(copy, { id: '2', mail: CANARY, phone: '13899999999' }),
    ]
    expect(written(copy, 'insert', ...images)).toEqual(['insert: 138|1', 'insert: 138|1'])
    expect(written(copy, 'delete', images[0]!)).toEqual(['delete: 138|-1'])
  })

  test('sums are of what is left of a value', async () => {
    const schema = sourceTable([sourceColumn('id', 'int'), sourceColumn('pay', 'int')])
    const measures = new Map([['total', { of: 'sum' as const, column: 'pay' }]])
    const copy = await copyOf(schema, { mode: 'aggregate', groupBy: ['id'], measures, mask: { pay: 'round(1000)' } })
    expect(written(copy, 'insert', image(copy, { id: '1', pay: '84321' }))).toEqual(['insert: 1|84000'])
  })
})

describe('a masked key', () => {
  const schema: TableSchema = { ...sourceTable([text('phone', { nullable: false }), text('mail')]), key: ['phone'] }

  test('keeps rows apart by its hash, also where a key is gone', async () => {
    const copy = await copyOf(schema, { mask: { phone: 'sha256' } })
    const [before, after] = [image(copy, { phone: '138', mail: CANARY }), image(copy, { phone: '139', mail: CANARY })]
    // What stands in place of a value stands behind the row's own columns.
    expect(copy.routes[0]!.csv!.columns).toBe('`mail`,`phone`,__op')
    expect(written(copy, 'insert', before)).toEqual([`insert: ${CANARY}|${hash('138')}|0`])
    expect(written(copy, 'delete', before)).toEqual([`delete: ${CANARY}|${hash('138')}|1`])
    const gone = copy.deleteImage([`_utf8mb4 x'${Buffer.from('138').toString('hex')}'`])
    expect(written(copy, 'delete', gone)[0]).toContain(`|${hash('138')}|1`)
    const { pieces } = copy.routes[0]!.shape!(
      { op: 'update', buffer: Buffer.concat([before, after]), at: 0, end: before.length + after.length },
      PLACE,
      0,
      false,
    )
    const [{ images, route }] = pieces as [(typeof pieces)[0]]
    const second = route.json.encoder.skip(images.buffer, images.at, images.end)
    expect(route.json.encoder.sameKey(images.buffer, images.at, second, images.end)).toBe(false)
  })

  test.each(['keep(1,1)', 'email', 'null', "fixed('x')", 'truncate(3)'])('is refused under %s', async mask => {
    const refusal = await refused(() => copyOf(schema, { mask: { phone: mask } }))
    expect(refusal.kind).toBe('ruleInvalid')
    expect(refusal.message).toBe(
      `[[rule]] in sync.toml, line 7: mask.phone = "${mask}" hides a key column of s.t: different rows could get the same key, and one would overwrite the other.`,
    )
    expect(refusal.advice).toContain('phone = "sha256"')
    await copyOf(schema, { mask: { phone: mask }, mode: 'append' })
  })

  test('of another name of the rule is one, too', async () => {
    const more = { partial: true, key: new Map([['k', 'mail']]) }
    const refusal = await refused(() => copyOf(schema, { mask: { mail: 'email' }, more }))
    expect(refusal.message).toContain('hides a key column')
  })
})

describe('what cannot be masked', () => {
  test.each<[string, Record<string, string>]>([
    ['mask names column "fone", which s.t does not have (it has id, mail, phone)', { fone: 'null' }],
    ['mask.mail = "year" takes DATE, DATETIME and TIMESTAMP only, and s.t.mail is varchar', { mail: 'year' }],
  ])('%s', async (message, mask) => {
    const refusal = await refused(() => copyOf(T, { mask }))
    expect(refusal.kind).toBe('ruleInvalid')
    expect(refusal.message).toContain(message)
  })

  test('a column that comes later may be named', async () => {
    await copyOf({ ...T, laterColumns: ['note'] }, { mask: { note: 'null' } })
  })
})

describe('nothing tells what is hidden', () => {
  test('neither what is parked of a row, whether the rule writes the column or not', async () => {
    for (const exclude of [[], ['mail']]) {
      const copy = await copyOf(T, { mask: { mail: 'email' }, exclude })
      const buffer = image(copy, { id: '1', mail: CANARY, phone: '138' })
      const { pieces } = copy.routes[0]!.shape!({ op: 'insert', buffer, at: 0, end: buffer.length }, PLACE, 0, false)
      const [{ images, route }] = pieces as [(typeof pieces)[0]]
      const shown = route.imageText(images.buffer, images.at, images.end)
      expect(JSON.parse(shown)).toMatchObject({ id: '1', phone: '138' })
      expect(shown).not.toContain('canary')
    }
  })

  test('nor a value that is refused, in a row that is named by a masked key', async () => {
    const schema: TableSchema = {
      ...sourceTable([text('mail', { nullable: false }), sourceColumn('day', 'date')]),
      key: ['mail'],
    }
    const copy = await copyOf(schema, { mask: { mail: 'sha256' }, zeroDate: 'stop' })
    const refusal = await refused(() => written(copy, 'insert', image(copy, { mail: CANARY, day: '0000-00-00' })))
    expect(refusal.kind).toBe('valueUnfit')
    expect(refusal.message).toContain(`the row with key {"mail":"${hash(CANARY)}"} holds 0000-00-00`)
    expect(refusal.message).not.toContain('canary')
  })

  test('nor a row image that leaves columns out: it is written by no other way, but stops the stream', async () => {
    const copy = await copyOf(T, { mask: { mail: 'email' } })
    const images = { op: 'insert' as const, buffer: Buffer.alloc(0), at: 0, end: 0, complete: false }
    const refusal = await refused(() => copy.routes[0]!.reshape(images, '', PLACE))
    expect(refusal.kind).toBe('rowImageIncomplete')
  })

  test('but what a computed column makes of it, of which there is a warning', async () => {
    WARNED.length = 0
    const computed = new Map([
      ['domain', 'substring(MAIL, 7)'],
      ['twice', 'id * 2'],
    ])
    const copy = await copyOf(T, { mask: { mail: 'email' }, more: { computed, where: "mail like 'canary%'" } })
    expect(written(copy, 'insert', image(copy, { id: '1', mail: CANARY, phone: '138' }))).toEqual([
      'insert: 1|138|c***@raw.example|@raw.example|2|0',
    ])
    expect(WARNED).toEqual([
      'd.t.domain = "substring(MAIL, 7)" reads s.t.mail, which the rule masks: the expression is given the value as it is.',
    ])
  })

  test('nor the fingerprint, which changes with salt and mask', async () => {
    const prints = new Set<string>()
    for (const [mask, salt] of [
      ['sha256', SALT],
      ['sha256', 'another one of those'],
      ['email', SALT],
    ] as const) {
      const copy = await copyOf(T, { mask: { mail: mask }, more: { salt: new MaskSalt(salt) } })
      prints.add(copy.routes[0]!.fingerprint)
    }
    expect(prints.size).toBe(3)
  })
})
