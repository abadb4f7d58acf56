import { expect, test } from '@jest/globals'
import { PositionSaver } from '../../lib/checkpoint/position-saver.js'
import type { Position } from '../../lib/model/position.js'
import { positionAt } from '../support/happenings.js'

test('a position that comes at the very end of a save is saved too', async () => {
  for (let turns = 0; turns < 8; turns++) {
    const saved: number[] = []
    const saver: PositionSaver<null> = new PositionSaver({
      save: async (position: Position) => {
        saved.push(position.binPos)
      },
      onSaved: position => {
        if (position.binPos === 1) void later(turns, () => saver.save(positionAt(2), null))
      },
      onRetry: () => undefined,
    })
    saver.save(positionAt(1), null)
    await new Promise(resolve => setImmediate(resolve))
    expect([turns, saved]).toEqual([turns, [1, 2]])
    expect(await saver.close()).toBe(true)
  }
})

/** Runs `work` after so many turns of the microtask queue. */
async function later(turns: number, work: () => void): Promise<void> {
  for (let i = 0; i < turns; i++) await null
  work()
}
