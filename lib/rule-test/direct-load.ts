import { Epoch, type OpenBody, type TargetBodies } from '../dispatch/epoch.js'
import type { EventRows } from '../dispatch/event-rows.js'
import { EventWriter } from '../dispatch/event-writer.js'
import { Window } from '../dispatch/window.js'

/** Nothing here ever waits. */
const NO_LIMIT = { maxRows: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER }

/**
 * Has rows shaped and written as the stream does, in one lane, and hands over each body with the name of its target. Throws what the stream would stop with.
 */
export function loadDirectly(rows: EventRows, load: (target: string, open: OpenBody) => void): void {
  const leave = (bodies: TargetBodies, lane: number): void => {
    const open = bodies.open[lane]!
    bodies.open[lane] = open.next ?? undefined
    if (open.body.rows > 0) load(bodies.name, open)
  }
  const epoch = new Epoch(1, { ...rows.place, gtidSet: '', serverUuid: '' }, null)
  const writer = new EventWriter(
    { lanes: 1, traced: false, collapseFrom: Number.POSITIVE_INFINITY },
    {
      window: new Window(NO_LIMIT),
      full: (_, bodies, lane) => leave(bodies, lane),
      jsonTargets: new Set(),
      due: () => undefined,
    },
  )
  writer.write(epoch, rows, false)
  for (const bodies of epoch.targets.values()) while (bodies.open[0] !== undefined) leave(bodies, 0)
}
