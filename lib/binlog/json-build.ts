import { isObject, type JsonNode } from './json-node.js'
import { isInline, JSONB } from './json-type.js'

/** Offsets and sizes of two bytes reach this far. */
const SMALL_MOST = 0xffff

/** The document as the server stores it: a type byte, then the value. Containers that were not opened are copied as they are. */
export function buildJson(root: JsonNode): Buffer {
  const { type, bytes } = built(root)
  return Buffer.concat([Buffer.from([type]), bytes])
}

interface Built {
  readonly type: number
  readonly bytes: Buffer
}

function built(node: JsonNode): Built {
  if (node.bytes !== null) return { type: node.type, bytes: node.bytes }
  const children: Built[] = []
  const keys: Buffer[] | null = isObject(node) ? [] : null
  if (keys === null) for (const cell of node.cells!) children.push(built(cell))
  else
    for (const [key, member] of [...node.members!].sort(([a], [b]) => compareKeys(a, b))) {
      keys.push(Buffer.from(key, 'latin1'))
      children.push(built(member))
    }
  const small = container(keys, children, 2)
  if (small.length <= SMALL_MOST) return { type: keys ? JSONB.SMALL_OBJECT : JSONB.SMALL_ARRAY, bytes: small }
  return { type: keys ? JSONB.LARGE_OBJECT : JSONB.LARGE_ARRAY, bytes: container(keys, children, 4) }
}

/** Keys stand by length, then by bytes: the server looks them up by bisection. */
function compareKeys(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}

/** As `json-node` reads it. Where `width` is 2 and the result longer than 65535 bytes, its offsets are void. */
function container(keys: readonly Buffer[] | null, children: readonly Built[], width: 2 | 4): Buffer {
  const count = children.length
  const entries = 2 * width + (keys === null ? 0 : count * (width + 2)) + count * (1 + width)
  const apart = children.filter(child => !isInline(child.type, width))
  const size =
    entries +
    (keys ?? []).reduce((sum, key) => sum + key.length, 0) +
    apart.reduce((sum, child) => sum + child.bytes.length, 0)
  if (width === 2 && size > SMALL_MOST) return Buffer.alloc(SMALL_MOST + 1)
  const out = Buffer.alloc(size)
  out.writeUIntLE(count, 0, width)
  out.writeUIntLE(size, width, width)
  let entry = 2 * width
  let at = entries
  for (const key of keys ?? []) {
    out.writeUIntLE(at, entry, width)
    out.writeUInt16LE(key.length, entry + width)
    entry += width + 2
    at += key.copy(out, at)
  }
  for (const { type, bytes } of children) {
    out[entry] = type
    if (isInline(type, width)) bytes.copy(out, entry + 1)
    else {
      out.writeUIntLE(at, entry + 1, width)
      at += bytes.copy(out, at)
    }
    entry += 1 + width
  }
  return out
}
