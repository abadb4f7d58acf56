import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { asText } from './conversions.js'
import { apply, type Call, type FunctionRow, lift } from './function-row.js'
import { kindOf, type Made, type Piece, refuse, textType, UNSIGNED_BIGINT } from './piece.js'

/** The bytes of a value: binary as it is, everything else as the text that is copied. */
function bytes(call: Call, index = 0): Piece {
  const piece = call.piece(index)
  if (kindOf(piece) === 'bytes') return piece
  const text = asText(call.b, piece)
  if (text.charset !== null)
    refuse(piece, `${call.name} would be that of the bytes of ${text.charset}, which are not those that are copied`)
  return text
}

function digest(algorithm: string, digits: number): (call: Call) => Piece {
  const run = (value: string | Uint8Array): string => createHash(algorithm).update(value).digest('hex')
  return call => apply(call, [bytes(call)], run as never, { type: textType(digits) })
}

const SHA2: Readonly<Record<number, readonly [string, number]>> = {
  0: ['sha256', 64],
  224: ['sha224', 56],
  256: ['sha256', 64],
  384: ['sha384', 96],
  512: ['sha512', 128],
}

function sha2(call: Call): Piece {
  const bits = call.piece(1).literal
  const known = typeof bits === 'number' ? SHA2[bits] : undefined
  if (known === undefined) refuse(call.piece(1), 'sha2 has 224, 256, 384 or 512 bits')
  return digest(known[0], known[1])(call)
}

function hex(call: Call): Piece {
  const piece = call.piece(0)
  if (kindOf(piece) === 'integer') {
    const made: Made = { type: textType(16) }
    return lift(call, [piece], x => `BigInt.asUintN(64, BigInt(${x})).toString(16).toUpperCase()`, made)
  }
  if (kindOf(piece) !== 'text' && kindOf(piece) !== 'bytes' && piece.type !== null) {
    refuse(piece, 'hex is known of integers, texts and binary')
  }
  const { type } = piece
  const length = type?.kind === 'bytes' && type.maxLength !== null ? type.maxLength * 2 : null
  const run = (value: string | Uint8Array): string =>
    Buffer.from(value as string)
      .toString('hex')
      .toUpperCase()
  return apply(call, [bytes(call)], run as never, { type: textType(length) })
}

export const DIGEST_FUNCTIONS: readonly FunctionRow[] = [
  { names: ['md5'], form: 'md5(text)', text: '32 hexadecimal digits.', count: [1, 1], compile: digest('md5', 32) },
  {
    names: ['sha1', 'sha'],
    form: 'sha1(text)',
    text: '40 hexadecimal digits.',
    count: [1, 1],
    compile: digest('sha1', 40),
  },
  {
    names: ['sha2'],
    form: 'sha2(text, 256)',
    text: 'Hexadecimal digits; 224, 256, 384 or 512 bits.',
    count: [2, 2],
    compile: sha2,
  },
  {
    names: ['crc32'],
    form: 'crc32(text)',
    text: 'A checksum from 0 to 4294967295.',
    count: [1, 1],
    compile: call => apply(call, [bytes(call)], crc32 as never, { type: UNSIGNED_BIGINT, span: 32 }),
  },
  {
    names: ['hex'],
    form: 'hex(value)',
    text: 'Hexadecimal digits of an integer, or of the bytes of a text or of binary.',
    count: [1, 1],
    compile: hex,
  },
]
