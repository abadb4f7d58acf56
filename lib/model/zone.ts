/** How TIMESTAMP values, UTC seconds in the binlog, become local text. */
export interface Zone {
  /** Name for messages: "+08:00", "Asia/Shanghai", "SYSTEM of the source". */
  readonly name: string
  /** Constant offset east of UTC in seconds, or null when the zone has transitions. */
  readonly fixedOffset: number | null
  /** Offset east of UTC in seconds at an instant given in UTC seconds. */
  offsetAt(utcSeconds: number): number
}
