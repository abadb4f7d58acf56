import { EVENT } from '../../lib/binlog/event.js'
import * as build from './binlog-builder.js'

/** Events as servers write them around XA transactions on tables of one TINYINT column. */
export class XaEvents {
  readonly events: Buffer[] = []
  #pos = 100
  #gtid = 0
  readonly #mariadb: boolean

  constructor(flavor: 'mysql' | 'mariadb') {
    this.#mariadb = flavor === 'mariadb'
  }

  start(xid: string): this {
    this.#begin(64)
    return this.#mariadb ? this : this.query(`XA START ${xid}`)
  }

  /** Rows of table `s.t`, or of another one; one event each. */
  rows(values: readonly number[], schema = 's', id = 7): this {
    for (const value of values) {
      this.#add(options => build.tableMap({ id, schema, table: 't', columns: [{ type: 1 }] }, options))
      this.#add(options => build.rows(EVENT.WRITE_ROWS, id, 1, [build.u8(0, value)], options))
    }
    return this
  }

  prepare(xid: string, onePhase = false): this {
    this.query(`XA END ${xid}`)
    const [, global, branch, format] = /X'(.*)',X'(.*)',(\d+)/.exec(xid)!
    const bytes = [Buffer.from(global!, 'hex'), Buffer.from(branch!, 'hex')]
    const sizes = bytes.map(part => build.u32(part.length))
    const body = Buffer.concat([build.u8(onePhase ? 1 : 0), build.u32(Number(format)), ...sizes, ...bytes])
    return this.#add(options => build.event(EVENT.XA_PREPARE, body, options))
  }

  decide(step: 'COMMIT' | 'ROLLBACK', xid: string): this {
    this.#begin(128 | 1)
    return this.query(`XA ${step} ${xid}`)
  }

  /** An ordinary transaction. */
  plain(values: readonly number[]): this {
    this.#begin(0)
    if (!this.#mariadb) this.query('BEGIN')
    this.rows(values)
    return this.#add(options => build.xid(options))
  }

  query(sql: string): this {
    return this.#add(options => build.query('s', sql, options))
  }

  #begin(mariadbFlags: number): void {
    const number = ++this.#gtid
    const mysql = Buffer.concat([build.u8(0), Buffer.alloc(16, 7), build.u64(number)])
    const mariadb = Buffer.concat([build.u64(number), build.u32(0), build.u8(mariadbFlags), Buffer.alloc(6)])
    this.#add(options =>
      build.event(this.#mariadb ? EVENT.MARIADB_GTID : EVENT.GTID, this.#mariadb ? mariadb : mysql, options),
    )
  }

  #add(make: (options: build.EventOptions) => Buffer): this {
    this.#pos += make({}).length
    this.events.push(make({ logPos: this.#pos }))
    return this
  }
}
