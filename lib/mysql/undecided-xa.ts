import { asFailure } from '../model/failure.js'
import type { SourceSession } from './session.js'

/**
 * How many XA transactions are prepared on the server and neither committed nor rolled back; null where the account may not
 * know (MySQL asks for XA_RECOVER_ADMIN). Rejects when the server does not answer.
 */
export async function countUndecidedXa(session: SourceSession): Promise<number | null> {
  try {
    return (await session.query('XA RECOVER')).length
  } catch (error) {
    const { kind } = asFailure(error)
    // A refusal says nothing of what is prepared: what is met in the stream is judged there.
    if (kind === 'sourceUnfit' || kind === 'sourceDenied') return null
    throw error
  }
}
