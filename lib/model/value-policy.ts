/**
 * What is written for dates that no calendar has (0000-00-00, 2024-00-00, 2023-02-31): NULL, nothing at all (the stream
 * stops), or the least date, 0000-01-01.
 */
export type ZeroDate = 'null' | 'stop' | 'min'

/** Where the operator wants another StarRocks type than the mapped one. */
export interface TypeChoices {
  readonly bit1: 'number' | 'boolean'
  readonly tinyint1: 'tinyint' | 'boolean'
  /** StarRocks types by source column name. */
  readonly cast: ReadonlyMap<string, string>
}
