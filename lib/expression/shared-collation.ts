import { type Collation, collationOf, refusedCollation } from './collation.js'
import { kindName, kindOf, nullPiece, type Piece, refuse } from './piece.js'
import type { Place } from './syntax.js'

/** The collation of MySQL 8 and later when nobody says another. */
export const DEFAULT_COLLATION = 'utf8mb4_0900_ai_ci'

/** The collation in which texts are compared: that of the columns among them. Throws ExpressionProblem where there is none. */
export function sharedCollation(place: Place, pieces: readonly Piece[]): Collation {
  const shared = joinedCollation(pieces) ?? collationOf(DEFAULT_COLLATION)
  if (shared.unsupported === null) return shared
  const culprit = pieces.find(({ collation }) => collation === shared) ?? place
  refuse(
    culprit,
    `${shared.unsupported}. Say how it is meant: … collate ${shared.name.split('_')[0] || 'utf8mb4'}_bin compares exactly, cast(… as char) by ${DEFAULT_COLLATION}`,
  )
}

/** The collation of what is made of texts; null: they have none of their own. It may be one that nothing can be compared by. */
export function joinedCollation(pieces: readonly Piece[]): Collation | null {
  let shared: Collation | null = null
  for (const { collation } of pieces) {
    if (collation === null || collation === shared || collation.name === shared?.name) continue
    if (shared === null || stronger(collation, shared)) shared = collation
    else if (!stronger(shared, collation)) {
      return refusedCollation('', `texts of the collations ${shared.name} and ${collation.name} have no common order`)
    }
  }
  return shared
}

/** Of one that is written, and of the collations of columns the one that is exact. */
function stronger(a: Collation, b: Collation): boolean {
  if ((a.explicit === true) !== (b.explicit === true)) return a.explicit === true
  return a.explicit !== true && a.name.endsWith('_bin') && !b.name.endsWith('_bin')
}

/** text COLLATE name: what it is compared with is compared by this. */
export function collated(place: Place, operand: Piece, name: string): Piece {
  if (operand.type === null) return nullPiece(place)
  if (kindOf(operand) !== 'text') refuse(operand, `collate is for texts, and this is ${kindName(operand)}`)
  const collation = collationOf(name)
  if (collation.unsupported !== null) refuse(place, `${name} is no collation whose order is known here`)
  const charset = operand.charset ?? operand.collation?.name.split('_')[0] ?? 'utf8mb4'
  const full = name.startsWith('uca1400_') ? `${charset}_${name}` : name
  if (charset !== '' && full !== 'binary' && full.split('_')[0] !== charset)
    refuse(place, `${name} is a collation of another character set than ${charset}, which this text is in`)
  return { ...operand, ...place, collation: { ...collation, explicit: true } }
}
