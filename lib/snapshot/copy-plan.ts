import type { Route } from '../dispatch/route.js'
import type { KeyBound, TextRows } from '../model/chunk.js'
import type { Position } from '../model/position.js'

/** How rows that a SELECT gave are written, and told apart by key. */
export interface CopyRoutes {
  /** Their encoders read text images. */
  readonly routes: readonly Route[]
  /** Adds the key of the text image at `at`, as text, to `to`; returns where the image ends. */
  keyTexts(images: Buffer, at: number, end: number, to: string[]): number
  /** A text image of which a delete of this key can be made. */
  deleteImage(key: KeyBound): Buffer
}

/** The key of row images of one table map, in the words of `CopyRoutes.keyTexts`. */
export interface StreamKeys {
  keyTexts(images: Buffer, at: number, end: number, to: string[]): number
  /** The key of the image at `at`. */
  keyBound(images: Buffer, at: number, end: number): KeyBound
}

/** A promise holds the stream for the source's answer. */
export interface KeyOrder {
  isAtMost(key: KeyBound, bound: KeyBound): boolean | Promise<boolean>
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
 */
export type CopyMode = 'atOnce' | 'behindFrontier'

/** A table whose rows are to be copied from the frontier on. */
export interface CopyPlan {
  readonly schema: string
  readonly table: string
  readonly mode: CopyMode
  readonly copyRoutes: CopyRoutes
  /** Null in mode `atOnce`. */
  readonly order: KeyOrder | null
  /** Upper bound of what is in; null: nothing is. */
  readonly frontier: KeyBound | null
}

export type { AdmittedChunk } from '../model/copy-record.js'
