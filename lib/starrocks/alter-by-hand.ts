import { Failure } from '../model/failure.js'
import { targetName } from '../model/schema.js'
import type { TargetEvolution, TargetStep } from '../model/target-change.js'
import { renderByHand } from './alter-text.js'

/** What only the operator can do: `statements` stand in place of the step they are for. */
export class HandNeeded extends Error {
  readonly statements: readonly string[]

  constructor(why: string, statements: readonly string[]) {
    super(why)
    this.name = 'HandNeeded'
    this.statements = statements
  }
}

/** The Failure for it, whose advice has all that is left to do: these statements, and those of the steps behind. */
export function ddlUnsupported(
  evolution: TargetEvolution,
  { message, statements }: HandNeeded,
  behind: readonly TargetStep[],
): Failure {
  const { source, statement } = evolution
  const left = [...statements, ...behind.flatMap(step => renderByHand(evolution, step))]
  return new Failure(
    'ddlUnsupported',
    `${source} -> ${targetName(evolution)}: ${message}. The source ran: ${statement}`,
    {
      advice: `Run in StarRocks: ${left.join('; ')}.`,
    },
  )
}
