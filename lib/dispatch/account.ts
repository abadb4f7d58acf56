import { Failure } from '../model/failure.js'
import type { Observer } from '../model/observer.js'
import { formatPosition } from '../model/position.js'
import type { Epoch } from './epoch.js'

/** Tells what became of an epoch's rows: each decoded one was filtered, collapsed, loaded or parked. Throws rowsMiscounted, naming the table, when they were not. */
export function accountFor(epoch: Epoch, observer: Observer): void {
  const accounts = [...epoch.accounts.values()]
  for (const name of epoch.targets.keys()) {
    const ofTarget = accounts.filter(({ target }) => target === name)
    const decoded = ofTarget.reduce((sum, account) => sum + account.decoded, 0)
    const filtered = ofTarget.reduce((sum, account) => sum + account.filtered, 0)
    const settled = epoch.settled.get(name)
    const parked = sumOf(settled?.parked)
    const collapsed = sumOf(settled?.collapsed)
    const loaded = settled?.loaded ?? 0
    if (decoded !== filtered + collapsed + loaded + parked)
      throw new Failure(
        'rowsMiscounted',
        `${name}: behind ${formatPosition(epoch.start)} ${decoded} rows were decoded, ${filtered} filtered, ${collapsed} collapsed, ${loaded} loaded and ${parked} parked.`,
      )
  }
  for (const { source, target, decoded, filtered } of accounts) {
    const settled = epoch.settled.get(target)
    const parked = settled?.parked.get(source) ?? 0
    const collapsed = settled?.collapsed.get(source) ?? 0
    const loaded = decoded - filtered - collapsed - parked
    observer({ kind: 'accounted', source, target, decoded, filtered, collapsed, loaded, parked })
  }
}

function sumOf(bySource: ReadonlyMap<string, number> | undefined): number {
  return [...(bySource?.values() ?? [])].reduce((sum, rows) => sum + rows, 0)
}
