import type { RequestHandlers } from './control/control-server.js'
import type { KeyBound } from './model/chunk.js'
import { Failure } from './model/failure.js'
import type { CopyOrders } from './snapshot/copy-orders.js'

/**
 * Lets the engine be asked to bring keys in the target to what the source has: options `schema`, `table` and `keys` (see
 * `CopyOrders.readKeys`); the result, when that is durable, is how many were found at the source and how many are gone there.
 */
export function addRepair(handlers: RequestHandlers, orders: CopyOrders, signal: AbortSignal): void {
  handlers.set('repair', async ({ schema, table, keys }, { gone }) => {
    if (typeof schema !== 'string' || typeof table !== 'string' || !isKeys(keys))
      throw new Failure('requestRefused', 'repair needs a schema, a table and keys')
    const either = AbortSignal.any([signal, gone])
    try {
      return await orders.readKeys({ schema, table }, keys, either)
    } catch (error) {
      if (!either.aborted) throw error
      throw new Failure('answerLost', `the repair of ${schema}.${table} was cut off`, { cause: error })
    }
  })
}

function isKeys(value: unknown): value is readonly KeyBound[] {
  return (
    Array.isArray(value) &&
    value.every(key => Array.isArray(key) && key.length > 0 && key.every(part => typeof part === 'string'))
  )
}
