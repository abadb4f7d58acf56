import { Failure } from '../model/failure.js'
import { uint32 } from './event-reader.js'
import { renderUuid } from './gtid.js'

const NUMBER_AT = 16
const MARIADB_BYTES = 12

/** The GTID of one transaction as its event has it. It is made text only where it is asked for: there is one for every transaction. */
export class GtidMark {
  #form: 'none' | 'text' | 'mysql' | 'mariadb' = 'none'
  #text = ''
  /** MySQL: uuid, then number. MariaDB: sequence number, domain. */
  readonly #bytes = Buffer.alloc(24)
  #serverId = 0

  /** "uuid:7", "uuid:tag:7", MariaDB "0-1-100"; null when anonymous. */
  get text(): string | null {
    const bytes = this.#bytes
    if (this.#form === 'none') return null
    if (this.#form === 'text') return this.#text
    if (this.#form === 'mysql') return `${renderUuid(bytes, 0)}:${bytes.readBigInt64LE(NUMBER_AT)}`
    return `${bytes.readUInt32LE(8)}-${this.#serverId}-${bytes.readBigUInt64LE(0)}`
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
    this.#form = 'mysql'
    for (let i = 0; i < 24; i++) this.#bytes[i] = buffer[at + i]!
  }

  /** `buffer[at..]` holds a 64-bit sequence number and a domain. */
  setMariadb(buffer: Buffer, at: number, serverId: number): void {
    this.#form = 'mariadb'
    for (let i = 0; i < MARIADB_BYTES; i++) this.#bytes[i] = buffer[at + i]!
    this.#serverId = serverId
  }

  set(other: GtidMark): void {
    this.#form = other.#form
    this.#text = other.#text
    this.#serverId = other.#serverId
    for (let i = 0; i < 24; i++) this.#bytes[i] = other.#bytes[i]!
  }

  /** Of MySQL: whether this is the transaction behind `other`, of the same source. */
  isNextOf(other: GtidMark): boolean {
    const [own, theirs] = [this.#bytes, other.#bytes]
    if (this.#form !== 'mysql' || other.#form !== 'mysql') {
      const [a, b] = [this.run, other.run]
      return a.source === b.source && a.number === b.number + 1n
    }
    const low = (uint32(theirs, NUMBER_AT) + 1) >>> 0
    if (uint32(own, NUMBER_AT) !== low) return false
    if (uint32(own, NUMBER_AT + 4) !== uint32(theirs, NUMBER_AT + 4) + (low === 0 ? 1 : 0)) return false
    for (let i = 0; i < NUMBER_AT; i++) if (own[i] !== theirs[i]) return false
    return true
  }

  /** Of MariaDB: whether both are of one domain. */
  isOfDomainOf(other: GtidMark): boolean {
    if (this.#form === 'mariadb' && other.#form === 'mariadb') return uint32(this.#bytes, 8) === uint32(other.#bytes, 8)
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

  #needed(): string {
    const { text } = this
    if (text === null) throw new Failure('internal', 'an anonymous transaction was asked for its GTID')
    return text
  }
}
