/**
 * DataViews of the buffers in use: four bytes at a time are read and written in one step. One source and one target are at
 * hand, since many values in a row come from one buffer and go to one other. Views of targets are kept as long as their
 * buffers: rows go to the lanes in turns, and a view is dear to make.
 */

let source: Uint8Array = new Uint8Array(0)
let sourceView = new DataView(source.buffer)
let target: Uint8Array = source
let targetView = sourceView
const targetViews = new WeakMap<Uint8Array, DataView>()

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
  let view = targetViews.get(o)
  if (view === undefined) {
    view = new DataView(o.buffer, o.byteOffset, o.length)
    targetViews.set(o, view)
  }
  targetView = view
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

/** Non-zero when one of the four bytes of `x` cannot stand as it is in a JSON string of ASCII text. */
export function needsEscape(x: number): number {
  const quote = x ^ 0x22222222
  const backslash = x ^ 0x5c5c5c5c
  return (
    (((x - 0x20202020) & ~x) | ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash) | x) &
    0x80808080
  )
}
