/** What an operator ordered: a source table is copied again. */
export interface CopyOrder {
  readonly schema: string
  readonly table: string
  /** Condition in the source's SQL that limits the copy; null: all rows. */
  readonly where: string | null
  /** Its targets are emptied first. */
  readonly truncate: boolean
}
