import { UnreadableDdl } from './unreadable-ddl.js'

export interface Token {
  /** `word`: a keyword or a bare name. `name`: a quoted identifier, never a keyword. `bits`: b'…', x'…', 0x…; its text is lower-case hex. */
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'bits' | 'mark'
  /** Without quotes, escapes undone. */
  readonly text: string
  /** Where it stands in the statement. */
  readonly from: number
  readonly to: number
  /** In double quotes while it is not known whether these enclose names: both readings hold. */
  readonly ambiguous?: true
}

/** How the server that ran a statement read its characters. */
export interface Dialect {
  readonly mariadb: boolean
  /** As in version comments: 80036, 90704, 101119. */
  readonly version: number
  /** Low 32 bits of the session's sql_mode; null when not known. */
  readonly sqlMode: number | null
  /** Default collations of character sets that its session had chosen otherwise. */
  readonly defaultCollations?: ReadonlyMap<string, string>
}

/** Bits of sql_mode (MySQL sql/sql_const.h system_variables.h, MariaDB sql/sql_class.h: the same numbers). */
export const SQL_MODE = {
  REAL_AS_FLOAT: 1,
  ANSI_QUOTES: 4,
  ORACLE: 1 << 9,
  NO_BACKSLASH_ESCAPES: 1 << 20,
  STRICT_TRANS_TABLES: 1 << 21,
  STRICT_ALL_TABLES: 1 << 22,
} as const

/** MariaDB does not read comments for versions of MySQL that it does not follow (sql_lex.cc). */
const MYSQL_ONLY_FROM = 50700
const MYSQL_ONLY_TO = 99999

const NAME_START = /[\p{L}\p{N}_$\u0080-\uffff]/u
const ESCAPES: Readonly<Record<string, string>> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' }

/**
 * Splits a statement into tokens. Comments are passed over, except version comments that this server reads. Works by loop, so
 * any length is safe. @throws UnreadableDdl on a string, name or comment without an end.
 */
export function tokenize(sql: string, dialect: Dialect): Token[] {
  return new Lexer(sql, dialect).tokens()
}

class Lexer {
  readonly #sql: string
  readonly #dialect: Dialect
  readonly #tokens: Token[] = []
  readonly #ansi: boolean
  readonly #backslash: boolean
  #at = 0
  #openComments = 0

  constructor(sql: string, dialect: Dialect) {
    this.#sql = sql
    this.#dialect = dialect
    const mode = dialect.sqlMode ?? 0
    this.#ansi = (mode & SQL_MODE.ANSI_QUOTES) !== 0
    this.#backslash = (mode & SQL_MODE.NO_BACKSLASH_ESCAPES) === 0
  }

  tokens(): Token[] {
    const sql = this.#sql
    while (this.#at < sql.length) {
      const at = this.#at
      const c = sql[at]!
      const next = sql[at + 1]
      if (c <= ' ' || c === '\u00a0' || c === '\u3000') this.#at++
      else if (c === '#' || (c === '-' && next === '-' && isBlank(sql[at + 2]))) this.#skipLine()
      else if (c === '/' && next === '*') this.#comment()
      else if (c === '*' && next === '/' && this.#openComments > 0) {
        this.#openComments--
        this.#at += 2
      } else if (c === '`') this.#push('name', this.#quoted('`', false), at)
      else if (c === "'") this.#push('string', this.#quoted("'", this.#backslash), at)
      else if (c === '"') this.#doubleQuoted()
      else if (isDigit(c) || (c === '.' && isDigit(next) && !this.#behindName())) this.#number()
      else if (c === '@' || NAME_START.test(c)) this.#word()
      else {
        this.#at++
        this.#push('mark', c, at)
      }
    }
    return this.#tokens
  }

  #push(kind: Token['kind'], text: string, from: number): void {
    this.#tokens.push({ kind, text, from, to: this.#at })
  }

  #behindName(): boolean {
    const last = this.#tokens.at(-1)
    return last !== undefined && last.to === this.#at && (last.kind === 'word' || last.kind === 'name')
  }

  #skipLine(): void {
    const end = this.#sql.indexOf('\n', this.#at)
    this.#at = end < 0 ? this.#sql.length : end + 1
  }

  #comment(): void {
    const marker = /^\/\*(M?)!(\d{5,6})?/.exec(this.#sql.slice(this.#at, this.#at + 10))
    if (marker !== null && this.#reads(marker[1] === 'M', marker[2])) {
      this.#openComments++
      this.#at += marker[0].length
      return
    }
    const from = this.#at
    // Only what is left out for its version may hold comments of its own.
    for (let depth = 0; ; ) {
      const end = this.#sql.indexOf('*/', this.#at + 2)
      if (end < 0) throw new UnreadableDdl('a comment does not end', from)
      const inner = marker === null ? -1 : this.#sql.indexOf('/*', this.#at + 2)
      if (inner >= 0 && inner < end) {
        depth++
        this.#at = inner
        continue
      }
      this.#at = end + (depth > 0 ? 0 : 2)
      if (depth-- === 0) return
    }
  }

  #reads(mariadbOnly: boolean, number: string | undefined): boolean {
    const { mariadb, version } = this.#dialect
    if (mariadbOnly && !mariadb) return false
    if (number === undefined) return true
    const wanted = Number(number)
    if (mariadb && !mariadbOnly && wanted >= MYSQL_ONLY_FROM && wanted <= MYSQL_ONLY_TO) return false
    return version >= wanted
  }

  #doubleQuoted(): void {
    const from = this.#at
    const text = this.#quoted('"', !this.#ansi && this.#backslash)
    if (this.#dialect.sqlMode === null) this.#tokens.push({ kind: 'string', text, from, to: this.#at, ambiguous: true })
    else this.#push(this.#ansi ? 'name' : 'string', text, from)
  }

  #quoted(quote: string, escapes: boolean): string {
    const sql = this.#sql
    const from = this.#at
    let text = ''
    let i = from + 1
    for (let plain = i; ; i++) {
      const c = sql[i]
      if (c === undefined) throw new UnreadableDdl(`what begins with ${quote} does not end`, from)
      if (c !== quote && !(escapes && c === '\\')) continue
      text += sql.slice(plain, i)
      if (c === '\\') {
        const escaped = sql[++i] ?? ''
        // MySQL keeps the backslash before % and _, which mean something to LIKE only.
        text += ESCAPES[escaped] ?? (escaped === '%' || escaped === '_' ? `\\${escaped}` : escaped)
      } else if (sql[i + 1] === quote) {
        text += quote
        i++
      } else break
      plain = i + 1
    }
    this.#at = i + 1
    return text
  }

  #number(): void {
    const from = this.#at
    const rest = this.#sql.slice(from, from + 400)
    const hex = /^0x([0-9a-f]+)(?![\p{L}\p{N}_$])/iu.exec(rest)
    const binary = /^0b([01]+)(?![\p{L}\p{N}_$])/u.exec(rest)
    if (hex !== null || binary !== null) {
      this.#at += (hex ?? binary)![0].length
      this.#push('bits', hex !== null ? wholeBytes(hex[1]!) : bitsAsHex(binary![1]!), from)
      return
    }
    const behind = this.#tokens.at(-1)
    const part = behind?.kind === 'mark' && behind.text === '.' && behind.to === from
    const number = part ? null : /^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?(?![\p{L}\p{N}_$])/iu.exec(rest)
    if (number === null && rest.startsWith('.')) {
      this.#at++
      this.#push('mark', '.', from)
      return
    }
    if (number === null) {
      this.#word()
      return
    }
    this.#at += number[0].length
    this.#push('number', number[0], from)
  }

  #word(): void {
    const sql = this.#sql
    const from = this.#at
    while (sql[this.#at] === '@') this.#at++
    while (this.#at < sql.length && NAME_START.test(sql[this.#at]!)) this.#at++
    const text = sql.slice(from, this.#at)
    if (sql[this.#at] === "'" && /^[xbn]$/i.test(text)) {
      const value = this.#quoted("'", this.#backslash)
      if (/^n$/i.test(text)) this.#push('string', value, from)
      else this.#push('bits', /^x$/i.test(text) ? wholeBytes(value) : bitsAsHex(value), from)
      return
    }
    this.#push('word', text, from)
  }
}

const isDigit = (c: string | undefined): boolean => c !== undefined && c >= '0' && c <= '9'

const isBlank = (c: string | undefined): boolean => c === undefined || c <= ' '

function wholeBytes(hex: string): string {
  return (hex.length % 2 === 0 ? hex : `0${hex}`).toLowerCase()
}

function bitsAsHex(bits: string): string {
  return wholeBytes(bits === '' ? '' : BigInt(`0b${bits}`).toString(16))
}
