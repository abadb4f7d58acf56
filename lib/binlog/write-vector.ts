import { ValueProblem } from './value-problem.js'
import { writeFloat } from './write-float.js'

/** Text bytes per byte of a vector: a float of at most 15 characters and a comma for four of them. */
export const VECTOR_RATIO = 4
export const VECTOR_EXTRA = 4

/** Floats (IEEE 754, little-endian) as "[1,2.5,-0.0000003]", each as the shortest text that reads back to the same float. */
export function writeVector(b: Buffer, p: number, n: number, o: Buffer, q: number): number {
  if (n % 4 !== 0) throw new ValueProblem(`a vector of ${n} bytes`, p)
  let at = q
  o[at++] = 91
  for (let i = p; i < p + n; i += 4) {
    if (i > p) o[at++] = 44
    at = writeFloat(o, at, b, i)
  }
  o[at] = 93
  return at + 1
}
