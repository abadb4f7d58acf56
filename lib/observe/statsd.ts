import { StatsD } from 'hot-shots'
import { METRICS, type MetricName, type MetricOutput } from './metrics.js'

export interface StatsdOptions {
  readonly host: string
  readonly port: number
  readonly prefix: string
}

/**
 * Sends measurements as plain statsd over UDP, several to a datagram. Plain statsd has no tags, so the table is part of the
 * name: `<prefix>.<metric>.<schema>.<table>`; see `metricTable`.
 */
export class StatsdOutput implements MetricOutput {
  readonly #client: StatsD

  /** `onError` gets errors of the name look-up and the socket; measurements are lost then, nothing else. */
  constructor(options: StatsdOptions, onError: (error: Error) => void) {
    this.#client = new StatsD({
      host: options.host,
      port: options.port,
      prefix: `${options.prefix}.`,
      cacheDns: true,
      maxBufferSize: 1400,
      bufferFlushInterval: 1000,
      includeDataDogTags: false,
      errorHandler: onError,
    })
    this.#client.socket.unref?.()
  }

  write(name: MetricName, value: number, table: string | null): void {
    const stat = table === null ? name : `${name}.${metricTable(table)}`
    switch (METRICS[name].type) {
      case 'counter':
        this.#client.increment(stat, value)
        return
      case 'gauge':
        this.#client.gauge(stat, value)
        return
      case 'timing':
        this.#client.timing(stat, value)
        return
    }
  }

  /** Sends what is buffered and closes the socket. */
  close(): Promise<void> {
    return new Promise(done => this.#client.close(() => done()))
  }
}

/** A table's name as two parts of a metric name: what separates or ends names in statsd becomes "_". */
export function metricTable(table: string): string {
  const dot = table.indexOf('.')
  const parts = dot === -1 ? [table] : [table.slice(0, dot), table.slice(dot + 1)]
  return parts.map(part => part.replace(/[.:|@#/\\,;=\s\p{Cc}]/gu, '_')).join('.')
}
