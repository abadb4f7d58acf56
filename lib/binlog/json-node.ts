import { uint32 } from './event-reader.js'
import { isInline, JSONB } from './json-type.js'
import { ValueProblem } from './value-problem.js'

/**
 * A value of a binary JSON document (MySQL sql-common/json_binary.h) that can be changed. Only containers that were opened
 * hold nodes; everything else stays the bytes it was, which is exact for every type: offsets in a container are relative to
 * the container itself.
 */
export interface JsonNode {
  /** One of JSONB. */
  readonly type: number
  /** The value as it stands behind its type byte; null for a container that was opened. */
  bytes: Buffer | null
  /** Of an opened object: by the key's bytes, as latin1 text. */
  members: Map<string, JsonNode> | null
  /** Of an opened array. */
  cells: JsonNode[] | null
}

/** Root of the document in `bytes`: a type byte, then the value. Throws ValueProblem when it is damaged. */
export function parseJson(bytes: Buffer): JsonNode {
  if (bytes.length === 0) throw damaged('is empty')
  return readNode(bytes[0]!, bytes, 1)
}

export function isObject({ type }: JsonNode): boolean {
  return type === JSONB.SMALL_OBJECT || type === JSONB.LARGE_OBJECT
}

export function isArray({ type }: JsonNode): boolean {
  return type === JSONB.SMALL_ARRAY || type === JSONB.LARGE_ARRAY
}

/** The members of an object, which may then be changed. */
export function membersOf(node: JsonNode): Map<string, JsonNode> {
  if (node.members === null) open(node)
  return node.members!
}

/** The cells of an array, which may then be changed. */
export function cellsOf(node: JsonNode): JsonNode[] {
  if (node.cells === null) open(node)
  return node.cells!
}

/** Count, size, for objects key entries (offset, 2-byte length), value entries (type, offset or the value itself). */
function open(node: JsonNode): void {
  const bytes = node.bytes!
  const width = widthOf(node.type)
  const keyed = isObject(node)
  need(bytes, 0, 2 * width)
  const count = readOffset(bytes, 0, width)
  const values = 2 * width + (keyed ? count * (width + 2) : 0)
  need(bytes, 0, values + count * (1 + width))
  if (keyed) node.members = new Map()
  else node.cells = []
  // Values that share bytes would let a damaged document grow without end.
  let held = 0
  for (let i = 0; i < count; i++) {
    const entry = values + i * (1 + width)
    const type = bytes[entry]!
    const child = readNode(type, bytes, isInline(type, width) ? entry + 1 : readOffset(bytes, entry + 1, width))
    held += child.bytes!.length
    if (held > bytes.length) throw damaged('holds values that overlap')
    if (node.cells !== null) {
      node.cells.push(child)
      continue
    }
    const key = 2 * width + i * (width + 2)
    const from = readOffset(bytes, key, width)
    const to = from + bytes.readUInt16LE(key + width)
    need(bytes, from, to - from)
    node.members!.set(bytes.toString('latin1', from, to), child)
  }
  node.bytes = null
}

function readNode(type: number, bytes: Buffer, at: number): JsonNode {
  const size = sizeOf(type, bytes, at)
  need(bytes, at, size)
  return { type, bytes: bytes.subarray(at, at + size), members: null, cells: null }
}

function sizeOf(type: number, bytes: Buffer, at: number): number {
  switch (type) {
    case JSONB.SMALL_OBJECT:
    case JSONB.LARGE_OBJECT:
    case JSONB.SMALL_ARRAY:
    case JSONB.LARGE_ARRAY: {
      const width = widthOf(type)
      need(bytes, at, 2 * width)
      return readOffset(bytes, at + width, width)
    }
    case JSONB.LITERAL:
      return 1
    case JSONB.INT16:
    case JSONB.UINT16:
      return 2
    case JSONB.INT32:
    case JSONB.UINT32:
      return 4
    case JSONB.INT64:
    case JSONB.UINT64:
    case JSONB.DOUBLE:
      return 8
    case JSONB.STRING:
      return variableBytes(bytes, at)
    case JSONB.OPAQUE:
      return 1 + variableBytes(bytes, at + 1)
    default:
      throw damaged(`holds a value of unknown type ${type}`)
  }
}

/** A length of seven bits per byte, lowest first, and as many bytes. */
function variableBytes(bytes: Buffer, at: number): number {
  let length = 0
  for (let i = 0; i < 5; i++) {
    need(bytes, at + i, 1)
    const byte = bytes[at + i]!
    length += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) return i + 1 + length
  }
  throw damaged('holds a damaged length')
}

function widthOf(type: number): 2 | 4 {
  return type === JSONB.LARGE_OBJECT || type === JSONB.LARGE_ARRAY ? 4 : 2
}

function readOffset(bytes: Buffer, at: number, width: 2 | 4): number {
  return width === 2 ? bytes.readUInt16LE(at) : uint32(bytes, at)
}

function need(bytes: Buffer, at: number, n: number): void {
  if (at + n > bytes.length) throw damaged('points outside itself')
}

function damaged(what: string): ValueProblem {
  return new ValueProblem(`its JSON document ${what}`, 0)
}
