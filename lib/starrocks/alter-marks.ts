/**
 * Words in the comments of target columns that tell a state which the columns' shape does not: they are there for the case
 * of a crash, and for a column that comes back.
 */

/** The column has been added, and rows that were there before do not have their values yet. */
export const FILLING_MARK = 'mysql-sr-sync: rows of before are being filled'

/** The source has dropped the column; what it holds is of then. */
const LEFT_MARK = 'mysql-sr-sync: dropped in the source'

export function leftComment(comment: string): string {
  return comment === '' ? LEFT_MARK : `${LEFT_MARK}; ${comment}`
}

export function isLeft(comment: string): boolean {
  return comment.startsWith(LEFT_MARK)
}
