/** What one run of one reader over a part of a binlog has cost. */
export interface Sample {
  readonly rows: number
  readonly bytes: number
  /** Of the whole process, from its start: user and system time. */
  readonly cpuSeconds: number
  /** From its start until it had read all, and for the engine until all was durable. */
  readonly seconds: number
  readonly peakRssMb: number
  /** CPU of the sink meanwhile. */
  readonly sinkCpuSeconds?: number
  /** Bytes of the load bodies it sent. */
  readonly sentBytes?: number
}
