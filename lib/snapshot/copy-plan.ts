import type { Route } from '../dispatch/route.js'
import type { KeyBound, TextRows } from '../model/chunk.js'
import type { Position } from '../model/position.js'

/** Reads the keys of row images; equal keys have equal texts, whichever kind of image they stand in. */
export interface KeyReader {
  /**
   * Adds the key of the image at `at` to `to` as one text; returns where the image ends. An image that leaves columns of the
   * key out has the empty text.
   */
  keyTexts(images: Buffer, at: number, end: number, to: string[]): number
  /** The key of the image at `at`. */
  keyBound(images: Buffer, at: number, end: number): KeyBound
}

/** How rows that a SELECT gave are written, and told apart by key. */
export interface CopyRoutes extends Pick<KeyReader, 'keyTexts'> {
  /** Their encoders read text images. */
  readonly routes: readonly Route[]
}

/** Compares keys as the source does. A promise holds the stream for the source's answer. */
export interface KeyOrder {
  isAtMost(key: KeyBound, bound: KeyBound): boolean | Promise<boolean>
  areAtMost(keys: readonly KeyBound[], bound: KeyBound): Promise<boolean[]>
}

/** The rows of a SELECT, and how far the stream must be before they may go in. */
export interface AdmissibleChunk {
  readonly pieces: readonly TextRows[]
  readonly rows: number
  readonly bytes: number
  readonly high: { reachedBy(position: Position): boolean }
}

/**
 * What the stream's changes of a table do while its rows are copied.
 * `atOnce`: they go in as ever, and win over the copied rows of their keys; for `upsert` routes and whole images alone.
 * `behindFrontier`: those of keys up to the frontier go in, those behind it are in the chunk that is still to be read; so each
 * row comes in exactly once. One window at a time.
 * A copy may go over to `behindFrontier` at any start, and back only at one where no epoch is read again: it held fewer rows.
 */
export type CopyMode = 'atOnce' | 'behindFrontier'

/** A table whose rows are to be copied from the frontier on. */
export interface CopyPlan {
  readonly schema: string
  readonly table: string
  readonly mode: CopyMode
  /** The target may hold rows that the rules of before let in and those of now leave out: where such a row goes, it leaves the target. */
  readonly isAgain: boolean
  readonly copyRoutes: CopyRoutes
  /**
   * Null in mode `atOnce`, where nobody asks; else of a table without a key, whose rows are one chunk, read as they all stood
   * at the chunk's `high`.
   */
  readonly order: KeyOrder | null
  /** Upper bound of what is in; null: nothing is. */
  readonly frontier: KeyBound | null
}

export type { AdmittedChunk } from '../model/copy-record.js'
