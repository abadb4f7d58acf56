/** Hears of keys before their rows are written: of those that come to be rows of the source table, and of those that go. */
export interface KeyWatch {
  /** `at`: where the image begins; `epoch`: its ordinal; `again`: the target may have the row already, of an earlier try or damaged. @throws Failure keyCollision */
  appears(buffer: Buffer, at: number, limit: number, epoch: number, again: boolean): void
  vanishes(buffer: Buffer, at: number, limit: number, epoch: number, again: boolean): void
}
