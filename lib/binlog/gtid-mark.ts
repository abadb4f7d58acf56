import { Failure } from '../model/failure.js'
import { sourceViewOf } from './byte-view.js'
import { uint32 } from './event-reader.js'
import { renderUuid } from './gtid.js'

/** The GTID of one transaction as its event has it. It is made text only where it is asked for: there is one for every transaction. */
export class GtidMark {
  #form: 'none' | 'text' | 'mysql' | 'mariadb' = 'none'
  #text = ''
  /** The uuid of a MySQL source, as four numbers. */
  #a = 0
  #b = 0
  #c = 0
  #d = 0
  /** Halves of the transaction's (sequence) number. */
  #low = 0
  #high = 0
  /** MariaDB. */
  #domain = 0
  #serverId = 0

  /** "uuid:7", "uuid:tag:7", MariaDB "0-1-100"; null when anonymous. */
  get text(): string | null {
    if (this.#form === 'none') return null
    if (this.#form === 'text') return this.#text
    const number = (BigInt(this.#high) << 32n) | BigInt(this.#low)
    return this.#form === 'mysql' ? `${this.#uuid}:${number}` : `${this.#domain}-${this.#serverId}-${number}`
  }

  get isAnonymous(): boolean {
    return this.#form === 'none'
  }

  setAnonymous(): void {
    this.#form = 'none'
  }

  setText(text: string): void {
    this.#form = 'text'
    this.#text = text
  }

  /** `buffer[at..]` holds a uuid and a 64-bit number. */
  setMysql(buffer: Buffer, at: number): void {
    const view = sourceViewOf(buffer)
    this.#form = 'mysql'
    this.#a = view.getInt32(at)
    this.#b = view.getInt32(at + 4)
    this.#c = view.getInt32(at + 8)
    this.#d = view.getInt32(at + 12)
    this.#low = uint32(buffer, at + 16)
    this.#high = uint32(buffer, at + 20)
  }

  /** `buffer[at..]` holds a 64-bit sequence number and a domain. */
  setMariadb(buffer: Buffer, at: number, serverId: number): void {
    this.#form = 'mariadb'
    this.#low = uint32(buffer, at)
    this.#high = uint32(buffer, at + 4)
    this.#domain = uint32(buffer, at + 8)
    this.#serverId = serverId
  }

  set(other: GtidMark): void {
    this.#form = other.#form
    this.#text = other.#text
    this.#a = other.#a
    this.#b = other.#b
    this.#c = other.#c
    this.#d = other.#d
    this.#low = other.#low
    this.#high = other.#high
    this.#domain = other.#domain
    this.#serverId = other.#serverId
  }

  /** Of MySQL: whether this is the transaction behind `other`, of the same source. */
  isNextOf(other: GtidMark): boolean {
    if (this.#form !== 'mysql' || other.#form !== 'mysql') {
      const [own, theirs] = [this.run, other.run]
      return own.source === theirs.source && own.number === theirs.number + 1n
    }
    const low = (other.#low + 1) >>> 0
    return (
      this.#low === low &&
      this.#high === other.#high + (low === 0 ? 1 : 0) &&
      this.#a === other.#a &&
      this.#b === other.#b &&
      this.#c === other.#c &&
      this.#d === other.#d
    )
  }

  /** Of MariaDB: whether both are of one domain. */
  isOfDomainOf(other: GtidMark): boolean {
    if (this.#form === 'mariadb' && other.#form === 'mariadb') return this.#domain === other.#domain
    return this.domain === other.domain
  }

  /** Of MySQL: source ("uuid" or "uuid:tag") and number. */
  get run(): { readonly source: string; readonly number: bigint } {
    const text = this.#needed()
    const cut = text.lastIndexOf(':')
    return { source: text.slice(0, cut), number: BigInt(text.slice(cut + 1)) }
  }

  /** Of MariaDB. */
  get domain(): string {
    const text = this.#needed()
    return text.slice(0, text.indexOf('-'))
  }

  get #uuid(): string {
    const bytes = Buffer.alloc(16)
    for (const [i, part] of [this.#a, this.#b, this.#c, this.#d].entries()) bytes.writeInt32BE(part, 4 * i)
    return renderUuid(bytes, 0)
  }

  #needed(): string {
    const { text } = this
    if (text === null) throw new Failure('internal', 'an anonymous transaction was asked for its GTID')
    return text
  }
}
