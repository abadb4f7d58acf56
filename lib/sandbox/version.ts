/** True when the emulated StarRocks version ("3.5.2", "4.1.0-sandbox") is `floor` ("3.5") or newer. */
export function atLeast(version: string, floor: string): boolean {
  const have = version.split('.').map(part => Number.parseInt(part, 10))
  const need = floor.split('.').map(Number)
  for (let i = 0; i < need.length; i++) {
    const difference = (have[i] ?? 0) - need[i]!
    if (difference !== 0) return difference > 0
  }
  return true
}
