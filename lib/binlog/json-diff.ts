import type { EventReader } from './event-reader.js'
import { buildJson } from './json-build.js'
import { cellsOf, isArray, isObject, type JsonNode, membersOf, parseJson } from './json-node.js'
import { type JsonPathLeg, parseJsonPath } from './json-path.js'
import { ValueProblem } from './value-problem.js'

/** Operations of a JSON diff (MySQL sql/json_diff.h); 0 replaces. */
const INSERT = 1
const REMOVE = 2
const VERBS = ['replaces', 'inserts', 'removes'] as const

/**
 * Applies the diffs in the reader's bytes, up to its end, to a document, and returns what comes of it. Each diff: operation,
 * length and text of the path, and unless it removes, length and document of the new value; lengths are length-encoded
 * (MySQL sql/json_diff.cc). A diff that does not fit the document, which the server's replicas refuse too, is a ValueProblem.
 */
export function applyJsonDiffs(document: Buffer, diffs: EventReader): Buffer {
  if (diffs.left === 0) return document
  const root = parseJson(document)
  while (diffs.left > 0) {
    const operation = diffs.u8()
    if (operation > REMOVE) throw new ValueProblem(`JSON diff operation ${operation} is not known`, 0)
    const path = diffs.text(diffs.packed())
    const legs = parseJsonPath(path)
    const value = operation === REMOVE ? null : parseJson(diffs.bytes(diffs.packed()))
    const last = legs.pop()
    const parent = last === undefined ? null : seek(root, legs)
    if (!parent || !change(parent, last!, operation, value))
      throw new ValueProblem(
        `a JSON diff ${VERBS[operation]} ${path.slice(0, 200)}, which the row before the change does not allow`,
        0,
      )
  }
  return buildJson(root)
}

/** False when the document has no such place. */
function change(parent: JsonNode, leg: JsonPathLeg, operation: number, value: JsonNode | null): boolean {
  if ('key' in leg) {
    if (!isObject(parent)) return false
    const members = membersOf(parent)
    if (members.has(leg.key) !== (operation !== INSERT)) return false
    if (value === null) members.delete(leg.key)
    else members.set(leg.key, value)
    return true
  }
  if (!isArray(parent)) return false
  const cells = cellsOf(parent)
  const at = leg.fromEnd ? cells.length - 1 - leg.index : leg.index
  if (operation === INSERT) {
    // A place outside the array means its nearer end.
    cells.splice(Math.max(0, Math.min(at, cells.length)), 0, value!)
    return true
  }
  if (at < 0 || at >= cells.length) return false
  if (value === null) cells.splice(at, 1)
  else cells[at] = value
  return true
}

function seek(root: JsonNode, legs: readonly JsonPathLeg[]): JsonNode | null {
  let node: JsonNode | undefined = root
  for (const leg of legs) {
    if ('key' in leg) node = isObject(node) ? membersOf(node).get(leg.key) : undefined
    else if (isArray(node)) {
      const cells = cellsOf(node)
      node = cells[leg.fromEnd ? cells.length - 1 - leg.index : leg.index]
    } else node = undefined
    if (node === undefined) return null
  }
  return node
}
