import type { RequestHandlers } from './control/control-server.js'
import { asFailure } from './model/failure.js'
import type { Observer } from './model/observer.js'
import type { Reload } from './reload.js'

/** Lets the engine be asked to reload: options `dryRun` and `file`, lines of text as progress, a `Reloaded` as result. */
export function addReload(
  handlers: RequestHandlers,
  reload: Reload,
  { observer, signal }: { readonly observer: Observer; readonly signal: AbortSignal },
): void {
  handlers.set('reload', async ({ dryRun, file }, { progress }) => {
    const wish = { dryRun: dryRun === true, file: typeof file === 'string' ? file : null }
    try {
      return await reload.request(wish, progress, signal)
    } catch (error) {
      const { message, advice } = asFailure(error)
      if (!wish.dryRun) observer({ kind: 'warning', message: `The configuration was not reloaded: ${message}`, advice })
      throw error
    }
  })
}
