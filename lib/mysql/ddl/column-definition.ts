import { joinChoices } from './charset-choice.js'
import { readCharset, readCompressed, readDataType } from './data-type.js'
import type { CharsetChoice, ColumnDefinition, DataType, DefaultValue } from './ddl.js'
import { acceptNow, readDefault } from './default-value.js'
import type { TokenReader } from './token-reader.js'

/** `name type attributes`. Ends before what is no attribute: a comma, a closing parenthesis, FIRST or AFTER. */
export function readColumn(reader: TokenReader): ColumnDefinition {
  const name = reader.name()
  const type = readDataType(reader)
  const attributes = new Attributes()
  if (type.name === 'SERIAL') attributes.serial()
  while (attributes.take(reader));
  return attributes.define(name, type)
}

class Attributes {
  #nullable: boolean | null = null
  #default: DefaultValue | null = null
  #onUpdateNow = false
  #generated: ColumnDefinition['generated'] = null
  #autoIncrement = false
  #key: ColumnDefinition['key'] = null
  #comment = ''
  #charset: CharsetChoice = { charset: null, collation: null }
  #compressed = false

  define(name: string, type: DataType): ColumnDefinition {
    const charset = joinChoices(type.charset, this.#charset)
    return {
      name,
      type: { ...type, charset, compressed: type.compressed || this.#compressed },
      nullable: this.#nullable,
      default: this.#default,
      onUpdateNow: this.#onUpdateNow,
      generated: this.#generated,
      autoIncrement: this.#autoIncrement,
      key: this.#key,
      comment: this.#comment,
    }
  }

  /** SERIAL, and the attribute SERIAL DEFAULT VALUE. */
  serial(): void {
    this.#nullable = false
    this.#autoIncrement = true
    this.#key ??= 'unique'
  }

  /** Takes one attribute; false when none comes next. */
  take(reader: TokenReader): boolean {
    return this.#takeValue(reader) || this.#takeKey(reader) || this.#takeStorage(reader)
  }

  #takeValue(reader: TokenReader): boolean {
    if (reader.accept('NOT', 'NULL')) this.#nullable = false
    else if (reader.accept('NULL')) this.#nullable = true
    else if (reader.accept('DEFAULT')) this.#default = readDefault(reader)
    else if (reader.accept('SERIAL', 'DEFAULT', 'VALUE')) this.serial()
    else if (reader.accept('ON', 'UPDATE')) {
      if (!acceptNow(reader)) throw reader.fail('CURRENT_TIMESTAMP expected')
      this.#onUpdateNow = true
    } else if (reader.accept('AUTO_INCREMENT')) {
      this.#autoIncrement = true
      this.#nullable ??= false
    } else if (reader.accept('GENERATED')) {
      reader.accept('ALWAYS')
      this.#takeGenerated(reader)
    } else if (reader.sees('AS', '(')) this.#takeGenerated(reader)
    else return false
    return true
  }

  #takeGenerated(reader: TokenReader): void {
    reader.expect('AS')
    this.#generated = 'virtual'
    if (reader.accept('ROW')) {
      this.#generated = 'stored'
      if (reader.acceptOne(['START', 'END']) === null) throw reader.fail('START or END expected')
      this.#nullable = false
      return
    }
    reader.parenthesised()
    const kind = reader.acceptOne(['VIRTUAL', 'STORED', 'PERSISTENT'])
    if (kind === 'STORED' || kind === 'PERSISTENT') this.#generated = 'stored'
  }

  #takeKey(reader: TokenReader): boolean {
    if (reader.accept('PRIMARY')) {
      reader.accept('KEY')
      this.#key = 'primary'
    } else if (reader.accept('UNIQUE')) {
      reader.acceptOne(['KEY', 'INDEX'])
      if (this.#key !== 'primary') this.#key = 'unique'
    } else if (reader.accept('KEY')) this.#key = this.#key ?? 'primary'
    else if (reader.accept('REFERENCES')) skipReference(reader)
    else if (reader.sees('CONSTRAINT')) {
      reader.next()
      if (!reader.sees('CHECK')) reader.name()
      takeCheck(reader)
    } else if (reader.sees('CHECK')) takeCheck(reader)
    else return false
    return true
  }

  #takeStorage(reader: TokenReader): boolean {
    const charset = readCharset(reader)
    if (charset !== null) {
      this.#charset = joinChoices(this.#charset, charset)
      return true
    }
    if (reader.accept('COMMENT')) this.#comment = reader.string()
    else if (reader.acceptOne(['VISIBLE', 'INVISIBLE']) !== null) return true
    else if (reader.acceptOne(['COLUMN_FORMAT', 'STORAGE']) !== null) reader.next()
    else if (reader.acceptOne(['ENGINE_ATTRIBUTE', 'SECONDARY_ENGINE_ATTRIBUTE']) !== null) {
      reader.accept('=')
      reader.string()
    } else if (reader.accept('SRID')) reader.number()
    else if (reader.accept('REF_SYSTEM_ID')) {
      reader.accept('=')
      reader.number()
    } else if (reader.accept('NOT', 'SECONDARY') || reader.accept('WITHOUT', 'SYSTEM', 'VERSIONING')) return true
    else if (reader.accept('WITH', 'SYSTEM', 'VERSIONING')) return true
    else if (reader.sees('COMPRESSED')) this.#compressed = readCompressed(reader)
    else if (reader.peek(1).text === '=' && reader.peek().kind !== 'mark') {
      // An attribute of a MariaDB storage engine.
      reader.next()
      reader.next()
      reader.next()
    } else return false
    return true
  }
}

/** CHECK (…) with its state. */
export function takeCheck(reader: TokenReader): void {
  reader.expect('CHECK')
  reader.parenthesised()
  if (!reader.accept('NOT', 'ENFORCED')) reader.accept('ENFORCED')
}

/** What stands behind REFERENCES. */
export function skipReference(reader: TokenReader): void {
  reader.name()
  if (reader.accept('.')) reader.name()
  if (reader.sees('(')) reader.parenthesised()
  for (;;) {
    if (reader.accept('MATCH')) reader.next()
    else if (reader.accept('ON', 'DELETE') || reader.sees('ON', 'UPDATE')) {
      if (reader.accept('ON', 'UPDATE') && reader.sees('CURRENT_TIMESTAMP')) throw reader.fail('an action expected')
      if (!reader.accept('SET', 'NULL') && !reader.accept('SET', 'DEFAULT') && !reader.accept('NO', 'ACTION'))
        reader.next()
    } else return
  }
}
