/** A StarRocks release; pre-releases count as the release they lead to. */
export interface StarRocksVersion {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

/**
 * Reads what `current_version()` says: "3.5.2-abc1234", "4.1.0-sandbox", "StarRocks version 2.5.13". Null for builds without
 * a number ("UNKNOWN", "main-5f3e1c0").
 */
export function parseVersion(text: string): StarRocksVersion | null {
  const match = /(?<![\w.])v?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?/.exec(text)
  if (match === null) return null
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) }
}

/** Below zero when `a` is the older one, zero when they are the same release. */
export function compareVersions(a: StarRocksVersion, b: StarRocksVersion): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch
}
