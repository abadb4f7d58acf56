import type { AdmittedChunk } from '../../lib/snapshot/copy-plan.js'
import type { JudgedChunks } from '../../lib/snapshot/judge-admitted.js'
import type { Segment } from '../../lib/snapshot/segment.js'
import type { Life } from './crashing-life.js'

/** A chunk with the place where its window began. */
export interface CutChunk extends AdmittedChunk {
  readonly cut: number
}

/** What a disk keeps of the copies: frontiers, notes of what was admitted, spool files. */
export class CopyState {
  /** By table; `undefined`: all of it is in. */
  readonly frontiers = new Map<string, readonly string[] | null | undefined>()
  /** Chunks that are in. */
  readonly done: CutChunk[] = []
  readonly files = new Map<string, readonly Segment[]>()
  notes: CutChunk[] = []
  /** What was written last. */
  last: Promise<void> = Promise.resolve()

  constructor(tables: readonly string[]) {
    for (const table of tables) this.frontiers.set(table, null)
  }

  get isDone(): boolean {
    return [...this.frontiers.values()].every(frontier => frontier === undefined)
  }

  async note(chunk: CutChunk, life: Life): Promise<void> {
    await life.step()
    this.notes.push(chunk)
    await life.step()
  }

  /** As a start does: what is in moves the frontier, what is void is forgotten. */
  async judge(judge: (chunks: readonly AdmittedChunk[]) => JudgedChunks, life: Life): Promise<JudgedChunks> {
    this.last = Promise.resolve()
    const judged = judge(this.notes)
    await life.step()
    for (const chunk of judged.done) this.#conclude(chunk)
    this.notes = this.notes.filter(chunk => judged.again.includes(chunk))
    await life.step()
    return judged
  }

  /** One after the other, in the order of the calls. */
  conclude(chunk: Pick<AdmittedChunk, 'table' | 'range'>, life: Life): Promise<void> {
    const { last } = this
    const concluded = (async () => {
      await last
      await life.step()
      this.#conclude(chunk)
      await life.step()
    })()
    this.last = concluded
    return concluded
  }

  /** Files as a process sees them; a crash leaves those that were written. */
  spool(life: Life) {
    return {
      write: async (name: string, segments: readonly Segment[]) => {
        await life.step()
        this.files.set(name, segments.map(copyOf))
        await life.step()
      },
      read: async (name: string) => {
        const segments = this.files.get(name)
        if (segments === undefined) throw new Error(`${name} is gone`)
        await life.step()
        return segments.map(copyOf)
      },
      remove: async (name: string) => {
        await life.step()
        this.files.delete(name)
      },
      keepOnly: async (names: ReadonlySet<string>) => {
        await life.step()
        for (const name of this.files.keys()) if (!names.has(name)) this.files.delete(name)
      },
    }
  }

  #conclude({ table, range }: Pick<AdmittedChunk, 'table' | 'range'>): void {
    const at = this.notes.findIndex(note => note.table === table && `${note.range.after}` === `${range.after}`)
    const [note] = this.notes.splice(at, 1)
    if (at < 0 || note === undefined) throw new Error(`nothing is noted of ${table} behind ${range.after}`)
    if (`${this.frontiers.get(table)}` !== `${range.after}`) throw new Error(`${table} is not at ${range.after}`)
    this.done.push(note)
    this.frontiers.set(table, range.upTo ?? undefined)
  }
}

function copyOf(segment: Segment): Segment {
  const { images, map } = segment
  const buffer = Buffer.from(images.buffer.subarray(images.at, images.end))
  return { ...segment, map: map && { ...map }, images: { ...images, buffer, at: 0, end: buffer.length } }
}
