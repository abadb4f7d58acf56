/**
 * DataViews of the buffers in use: four bytes at a time are read and written in one step. One source and one target are at
 * hand, since many values in a row come from one buffer and go to one other. Views of targets are kept as long as their
 * buffers: rows go to the lanes in turns, and a view is dear to make; so is a look into a WeakMap, so that those in use are
 * at hand too.
 */

let source: Uint8Array = new Uint8Array(0)
let sourceView = new DataView(source.buffer)
let target: Uint8Array = source
let targetView = sourceView
const targetViews = new WeakMap<Uint8Array, DataView>()

/** Targets of the lanes, and where the next one is noted; no large ones, so that none of those is kept from being freed. */
const AT_HAND = 8
const LARGE_TARGET = 1 << 20
const targets: Uint8Array[] = Array(AT_HAND).fill(source)
const views: DataView[] = Array(AT_HAND).fill(sourceView)
let nextAtHand = 0

/** A remembered buffer above this size is let go as soon as another one is read. */
const LARGE = 1 << 22

export function sourceViewOf(b: Uint8Array): DataView {
  if (b === source) return sourceView
  source = b
  sourceView = new DataView(b.buffer, b.byteOffset, b.length)
  return sourceView
}

/** Forgets a large source other than `b`: without this an unpacked transaction would stay in memory while nothing happens. */
export function releaseSource(b: Uint8Array): void {
  if (source.length > LARGE && source !== b) sourceViewOf(b)
}

export function targetViewOf(o: Uint8Array): DataView {
  if (o === target) return targetView
  target = o
  for (let i = 0; i < AT_HAND; i++)
    if (targets[i] === o) {
      targetView = views[i]!
      return targetView
    }
  targetView = newlyUsed(o)
  return targetView
}

function newlyUsed(o: Uint8Array): DataView {
  let view = targetViews.get(o)
  if (view === undefined) {
    view = new DataView(o.buffer, o.byteOffset, o.length)
    targetViews.set(o, view)
  }
  if (o.length <= LARGE_TARGET) {
    targets[nextAtHand] = o
    views[nextAtHand] = view
    nextAtHand = (nextAtHand + 1) % AT_HAND
  }
  return view
}

/** Are `b[p..p+n)` and the first `n` bytes behind `view` the same? The caller has checked that they are there. */
export function sameBytes(b: Uint8Array, p: number, view: DataView, n: number): boolean {
  const from = sourceViewOf(b)
  let i = 0
  for (; i + 4 <= n; i += 4) if (from.getInt32(p + i, true) !== view.getInt32(i, true)) return false
  for (; i < n; i++) if (from.getUint8(p + i) !== view.getUint8(i)) return false
  return true
}

/** Non-zero when one of the four bytes of `x` is below 32. */
export function hasControl(x: number): number {
  return (x - 0x20202020) & ~x & 0x80808080
}

/** Non-zero when one of the four bytes of `x` is the byte of which `four` holds four. */
export function hasByte(x: number, four: number): number {
  const zero = x ^ four
  return (zero - 0x01010101) & ~zero & 0x80808080
}

/**
 * Non-zero when one of the four bytes of `x` is below 32 or no ASCII. The four bytes of a word that has none are the same in
 * a CSV field whose separators are control characters.
 */
function hasOther(x: number): number {
  return (x - 0x20202020) | x
}

/** Non-zero when one of the four bytes of `x` cannot stand as it is in a JSON string of ASCII text. */
export function needsEscape(x: number): number {
  return ((x - 0x20202020) | ((x ^ 0x22222222) - 0x01010101) | ((x ^ 0x5c5c5c5c) - 0x01010101) | x) & 0x80808080
}

/** Are the `n` bytes at `p` ASCII from 32 on? `n` is at least 4; the last word overlaps the one before it. */
export function isPrintable(view: DataView, p: number, n: number): boolean {
  const last = (p + n - 4) | 0
  let other = hasOther(view.getInt32(last, true))
  let i = p
  for (; i <= last - 12; i = (i + 16) | 0)
    other |=
      hasOther(view.getInt32(i, true)) |
      hasOther(view.getInt32((i + 4) | 0, true)) |
      hasOther(view.getInt32((i + 8) | 0, true)) |
      hasOther(view.getInt32((i + 12) | 0, true))
  for (; i < last; i = (i + 4) | 0) other |= hasOther(view.getInt32(i, true))
  return (other & 0x80808080) === 0
}

/** The same for bytes that can stand as they are in a JSON string. */
export function isJsonAscii(view: DataView, p: number, n: number): boolean {
  const last = (p + n - 4) | 0
  let found = needsEscape(view.getInt32(last, true))
  for (let i = p; i < last; i = (i + 4) | 0) found |= needsEscape(view.getInt32(i, true))
  return found === 0
}

/**
 * Copies `n` bytes, at least 4. They must be ASCII: eight at a time go through a double, which is none of ASCII text that
 * could be a NaN, whose bits need not stay as they are.
 */
export function copyAscii(from: DataView, p: number, n: number, to: DataView, q: number): void {
  if (n < 8) {
    const x = from.getInt32(p, true)
    const y = from.getInt32((p + n - 4) | 0, true)
    to.setInt32(q, x, true)
    to.setInt32((q + n - 4) | 0, y, true)
    return
  }
  const last = n - 8
  for (let i = 0; i < last; i = (i + 8) | 0) to.setFloat64((q + i) | 0, from.getFloat64((p + i) | 0, true), true)
  to.setFloat64((q + last) | 0, from.getFloat64((p + last) | 0, true), true)
}
