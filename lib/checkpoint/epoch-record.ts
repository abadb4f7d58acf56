import { parseSealed } from '../binlog/sealed-line.js'
import type { PlannedEpoch, PlannedLoad, PlannedShipment } from '../model/epoch-plan.js'
import type { Position } from '../model/position.js'
import { targetName } from '../model/schema.js'

/** One line of the journal of epochs. */
export type EpochRecord =
  | {
      readonly kind: 'begin'
      readonly epoch: number
      readonly delivery: PlannedEpoch['delivery']
      readonly labelBase: string
      readonly start: Position
      readonly witnesses: Readonly<Record<string, string>>
      readonly atMs: number
    }
  | { readonly kind: 'ship'; readonly epoch: number; readonly shipment: PlannedShipment; readonly end: Position | null }
  | { readonly kind: 'rebase'; readonly epoch: number; readonly target: string; readonly labelBase: string }
  | { readonly kind: 'reduce'; readonly epoch: number; readonly label: string; readonly as: string }
  | { readonly kind: 'transaction'; readonly epoch: number; readonly database: string; readonly label: string }
  | { readonly kind: 'settled'; readonly epoch: number; readonly label: string }
  | { readonly kind: 'over'; readonly epoch: number }

const KINDS: readonly string[] = ['begin', 'ship', 'rebase', 'reduce', 'transaction', 'settled', 'over']

/** Reads a sealed line without its newline. Throws an Error that says what is wrong with it. */
export function parseRecord(line: Buffer): EpochRecord {
  const record = parseSealed(line) as EpochRecord | null
  if (record === null) throw new Error('its checksum (the field "crc", its last) is not that of what is before it')
  if (!KINDS.includes(record.kind)) throw new Error(`a record "${record.kind}" is of another version`)
  return record
}

/** What the records say, one after the other. */
export class OpenEpochs {
  /** In the order of their begin. */
  readonly #epochs = new Map<number, OpenEpoch>()

  get size(): number {
    return this.#epochs.size
  }

  /**
   * False when the record says nothing that was not known. Throws an Error when it needs an epoch that is not open. An epoch
   * begun at another place or with another base takes the place of the one of this number.
   */
  take(record: EpochRecord): boolean {
    if (record.kind === 'over') return this.#forget(record.epoch)
    const epoch = this.#epochs.get(record.epoch)
    if (record.kind === 'begin') {
      if (epoch?.isBegunBy(record)) return false
      this.#epochs.delete(record.epoch)
      this.#epochs.set(record.epoch, new OpenEpoch(record))
      return true
    }
    if (epoch !== undefined) return epoch.take(record)
    // The acknowledgement of a label may come when the position is saved already.
    if (record.kind === 'settled') return false
    throw new Error(`"${record.kind}" of epoch ${record.epoch}, which is not open`)
  }

  clear(): void {
    this.#epochs.clear()
  }

  /** What is known now; later records do not change it. */
  planned(): PlannedEpoch[] {
    return [...this.#epochs.values()].map(epoch => epoch.planned())
  }

  /** The fewest records that say all that is known. */
  records(): EpochRecord[] {
    return [...this.#epochs.values()].flatMap(epoch => epoch.records())
  }

  #forget(last: number): boolean {
    const over = [...this.#epochs.keys()].filter(epoch => epoch <= last)
    for (const epoch of over) this.#epochs.delete(epoch)
    return over.length > 0
  }
}

type Begin = Extract<EpochRecord, { kind: 'begin' }>

class OpenEpoch {
  readonly #begin: Begin
  readonly #labels = new Set<string>()
  readonly #rebased = new Map<string, string>()
  readonly #settled = new Set<string>()
  readonly #reduced = new Map<string, string>()
  readonly #transactions: { database: string; label: string }[] = []
  #shipments: PlannedShipment[] = []
  #end: Position | null = null

  constructor(begin: Begin) {
    this.#begin = begin
  }

  isBegunBy({ labelBase, start }: Begin): boolean {
    return labelBase === this.#begin.labelBase && samePlace(start, this.#begin.start)
  }

  take(record: Exclude<EpochRecord, { kind: 'begin' | 'over' }>): boolean {
    switch (record.kind) {
      case 'ship': {
        const fresh = !this.#hasShipped(record.shipment)
        if (fresh) this.#ship(record.shipment)
        return this.#takeEnd(record.end) || fresh
      }
      case 'rebase':
        if (!put(this.#rebased, record.target, record.labelBase)) return false
        this.#void(record.target)
        return true
      case 'reduce':
        return put(this.#reduced, record.label, record.as)
      case 'transaction': {
        const { database, label } = record
        if (this.#transactions.some(known => known.database === database && known.label === label)) return false
        this.#transactions.push({ database, label })
        return true
      }
      case 'settled':
        return this.#settled.size < this.#settled.add(record.label).size
    }
  }

  planned(): PlannedEpoch {
    const { epoch, delivery, labelBase, start, witnesses, atMs } = this.#begin
    return {
      epoch,
      delivery,
      labelBase,
      start,
      end: this.#end,
      shipments: [...this.#shipments],
      rebased: new Map(this.#rebased),
      settled: new Set(this.#settled),
      reduced: new Map(this.#reduced),
      transactions: [...this.#transactions],
      witnesses: new Map(Object.entries(witnesses)),
      atMs,
    }
  }

  records(): EpochRecord[] {
    const { epoch } = this.#begin
    const last = this.#shipments.at(-1)
    return [
      this.#begin,
      // Before the shipments: those that are left are not void.
      ...[...this.#rebased].map(([target, labelBase]) => ({ kind: 'rebase', epoch, target, labelBase }) as const),
      ...this.#shipments.map(shipment => {
        const end = shipment === last ? this.#end : null
        return { kind: 'ship', epoch, shipment, end } as const
      }),
      ...[...this.#reduced].map(([label, as]) => ({ kind: 'reduce', epoch, label, as }) as const),
      ...this.#transactions.map(({ database, label }) => ({ kind: 'transaction', epoch, database, label }) as const),
      ...[...this.#settled].map(label => ({ kind: 'settled', epoch, label }) as const),
    ]
  }

  #hasShipped({ loads, events, spilled }: PlannedShipment): boolean {
    if (loads.length > 0) return loads.every(({ label }) => this.#labels.has(label))
    return this.#shipments.some(known => known.events === events && known.spilled === spilled)
  }

  #ship(shipment: PlannedShipment): void {
    this.#shipments.push(shipment)
    for (const { label } of shipment.loads) this.#labels.add(label)
  }

  #takeEnd(end: Position | null): boolean {
    if (end === null || (this.#end !== null && samePlace(end, this.#end))) return false
    this.#end = end
    return true
  }

  /** A shipment stays though all its loads are void: it is a place where bodies left. */
  #void(target: string): void {
    const isVoid = (load: PlannedLoad): boolean => targetName(load) === target
    for (const { loads } of this.#shipments) for (const load of loads) if (isVoid(load)) this.#labels.delete(load.label)
    this.#shipments = this.#shipments.map(shipment => ({
      ...shipment,
      loads: shipment.loads.filter(load => !isVoid(load)),
    }))
  }
}

function put(map: Map<string, string>, key: string, value: string): boolean {
  if (map.get(key) === value) return false
  map.set(key, value)
  return true
}

/** The GTID set may be written in more than one way; it decides where no file is named. */
function samePlace(a: Position, b: Position): boolean {
  if (a.binName !== b.binName || a.binPos !== b.binPos || a.serverUuid !== b.serverUuid) return false
  return a.binName !== '' || a.gtidSet === b.gtidSet
}
