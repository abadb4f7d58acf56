import { type EpochRecord, OpenEpochs } from '../../lib/checkpoint/epoch-record.js'
import type { PlanLog, PlannedEpoch } from '../../lib/model/epoch-plan.js'
import type { Life } from './crashing-life.js'

/** The journal of epochs as a disk keeps it: what resolved is there, what was being written may be. */
export class ModelJournal {
  #disk = new OpenEpochs()

  get plans(): readonly PlannedEpoch[] {
    return this.#disk.planned()
  }

  write(records: readonly EpochRecord[]): void {
    for (const record of records) this.#disk.take(record)
  }

  clear(): void {
    this.#disk = new OpenEpochs()
  }

  /** All that is there was written so long ago. */
  age(ms: number): void {
    const records = this.#disk.records()
    this.clear()
    this.write(records.map(record => (record.kind === 'begin' ? { ...record, atMs: record.atMs - ms } : record)))
  }

  open(life: Life): PlanLog & { forgetAll(): Promise<void>; close(): Promise<void> } {
    const waiting: EpochRecord[] = []
    let last = Promise.resolve()
    const save = (): Promise<void> => {
      last = last.then(async () => {
        await life.step()
        this.write(waiting.splice(0))
        await life.step()
      })
      return last
    }
    // A crash leaves the first of the lines that were on their way.
    life.onDeath(() => this.write(waiting.slice(0, life.random.below(waiting.length + 1))))
    const keep = (record: EpochRecord): Promise<void> => {
      waiting.push(record)
      return save()
    }
    return {
      begin: ({ witnesses, ...epoch }) =>
        keep({ kind: 'begin', ...epoch, witnesses: Object.fromEntries(witnesses), atMs: Date.now() }),
      ship: (epoch, shipment, end) => keep({ kind: 'ship', epoch, shipment, end }),
      rebase: (epoch, target, labelBase) => keep({ kind: 'rebase', epoch, target, labelBase }),
      reduce: (epoch, label, as) => keep({ kind: 'reduce', epoch, label, as }),
      transaction: (epoch, database, label) => keep({ kind: 'transaction', epoch, database, label }),
      settled: (epoch, label) => void waiting.push({ kind: 'settled', epoch, label }),
      over: epoch => void waiting.push({ kind: 'over', epoch }),
      forgetAll: async () => {
        await life.step()
        waiting.length = 0
        this.clear()
        await life.step()
      },
      close: save,
    }
  }
}
