/** Whether two names of columns are one: neither the source nor StarRocks takes account of their case. */
export function isSameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase()
}
