import type { DeadLetter, ParkedLoad } from '../../lib/model/dead-letter.js'

type Changes = Partial<Omit<DeadLetter, 'load' | 'place'>> & {
  readonly load?: Partial<ParkedLoad>
  readonly place?: Partial<DeadLetter['place']>
}

/** A letter of an upsert target d.t with key k = "1", but for the given parts. */
export function letterOf(id: string, changes: Changes = {}): DeadLetter {
  const { load, place, ...rest } = changes
  return {
    id,
    atMs: 1000,
    source: 's.t',
    target: 'd.t',
    rule: '[[rule]] in sync.toml, line 7',
    mode: 'upsert',
    op: 'update',
    server: 'u-1',
    place: { binName: 'b.000001', binPos: 4, event: 0, row: 0, takesAway: false, ...place },
    commitMs: 900,
    reason: 'too long',
    key: { k: '1' },
    keyHash: 17,
    before: '{"k":"1","v":"a"}',
    after: '{"k":"1","v":"b"}',
    load: {
      database: 'd',
      table: 't',
      model: 'primary',
      key: ['k'],
      format: 'csv',
      columns: '`k`,`v`,__op',
      columnSeparator: '\\x01',
      rowDelimiter: '\\x02',
      row: Buffer.from('1\x01b\x010\x02'),
      ...load,
    },
    ...rest,
  }
}
