/**
 * Rows of the next chunk so that it has about `wantedBytes`, judged by the last one: grows at most fourfold, at least 1, at most
 * `maxRows`.
 */
export function nextChunkRows(lastRows: number, lastBytes: number, wantedBytes: number, maxRows: number): number {
  if (lastRows === 0) return maxRows
  const perRow = Math.max(1, lastBytes / lastRows)
  const wanted = Math.floor(wantedBytes / perRow)
  return Math.max(1, Math.min(maxRows, wanted, lastRows * 4))
}
