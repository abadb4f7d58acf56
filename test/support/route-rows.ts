import type { BinlogEvent, RowsEvent } from '../../lib/binlog/event.js'
import type { ChangePlace } from '../../lib/model/change-place.js'
import type { ImageEncoder } from '../../lib/rules/compiled-route.js'
import type { CompiledRoute, Router } from '../../lib/rules/router.js'

/** The fields of one encoded row by target column; NULL is null. */
export type RowFields = ReadonlyMap<string, string | null>

/**
 * Takes events as a stream reader does and encodes their rows as a dispatcher does, in both formats, which must agree:
 * `take` gets each row with its route.
 */
export class RouteRows {
  readonly #router: Router
  readonly #take: (route: CompiledRoute, row: RowFields) => void
  readonly #place = { binName: '', binPos: 4, event: -1 }
  #commitMs = 0

  constructor(router: Router, take: (route: CompiledRoute, row: RowFields) => void) {
    this.#router = router
    this.#take = take
  }

  event(binName: string, event: BinlogEvent): void {
    switch (event.kind) {
      case 'gtid':
        if (binName !== this.#place.binName) this.#place.binPos = 4
        this.#place.binName = binName
        this.#place.event = -1
        this.#commitMs = event.commitMs
        return
      case 'commit':
        this.#place.binPos = event.logPos
        return
      case 'skippedRows':
        this.#place.event++
        return
      case 'tableMap':
        if (event.map !== null && this.#router.bind(event.map) !== undefined)
          throw new Error(`${event.map.table} is not learnt`)
        return
      case 'rows':
        this.#place.event++
        for (const route of this.#router.routes(event.map)) this.#rows(event, route)
    }
  }

  #rows({ op, buffer, at, end }: RowsEvent, route: CompiledRoute): void {
    const walker = route.json.encoder
    let row = 0
    for (let p = at; p < end; row++) {
      const after = op === 'update' ? walker.skip(buffer, p, end) : p
      const next = walker.skip(buffer, after, end)
      if (route.mode === 'append') this.#row(route, buffer, after, end, 0, encoder => this.#set(encoder, op, row))
      else {
        if (op !== 'insert') this.#row(route, buffer, p, end, 1)
        if (op !== 'delete') this.#row(route, buffer, after, end, 0)
      }
      p = next
    }
  }

  #set(encoder: ImageEncoder, op: RowsEvent['op'], row: number): void {
    encoder.setChange(op, this.#place satisfies ChangePlace, this.#commitMs, row)
  }

  #row(
    route: CompiledRoute,
    buffer: Buffer,
    at: number,
    end: number,
    op: 0 | 1,
    prepare: (encoder: ImageEncoder) => void = () => undefined,
  ): void {
    const text = (encoder: ImageEncoder): string => {
      prepare(encoder)
      const bound = encoder.bound(encoder.skip(buffer, at, end) - at + encoder.inflated(buffer, at, end))
      const out = Buffer.alloc(bound)
      return out.toString('utf8', 0, encoder.encode(buffer, at, end, out, 0, op))
    }
    const json = jsonFields(text(route.json.encoder), route.json.columns)
    const csv = text(route.csv!.encoder)
    if (!route.csv!.encoder.unsafe) {
      const values = csv.slice(0, -1).split('\x01')
      const names = unquoted(route.csv!.columns)
      if (names.length !== values.length) throw new Error(`${names.join()} for ${values.length} fields`)
      const differs = names.find((name, i) => json.get(name) !== (values[i] === '\\N' ? null : values[i]))
      if (differs !== undefined) throw new Error(`${differs} is ${json.get(differs)} in JSON, but in CSV ${csv}`)
    }
    this.#take(route, json)
  }
}

/** Values by target column, those that StarRocks decodes from base64 included (as base64). */
function jsonFields(text: string, header: string): Map<string, string | null> {
  const fields = new Map(Object.entries(JSON.parse(text) as Record<string, string | null>))
  for (const [, name, temporary] of header.matchAll(/`(\w+)`=to_binary\(`(\w+)`,'encode64'\)/g)) {
    fields.set(name!, fields.get(temporary!)!)
    fields.delete(temporary!)
  }
  const names = unquoted(header.replaceAll(/,`\w+`=to_binary\(`\w+`,'encode64'\)/g, ''))
  if (names.some(name => !name.startsWith('__base64_') && !fields.has(name)))
    throw new Error(`${names.join()} in ${text}`)
  return fields
}

function unquoted(header: string): string[] {
  return header.split(',').map(name => name.replaceAll('`', ''))
}
