import { afterEach, describe, expect, test } from '@jest/globals'
import type { RowImages } from '../../lib/dispatch/route.js'
import { Failure } from '../../lib/model/failure.js'
import type { Position } from '../../lib/model/position.js'
import type { SchemaChange } from '../../lib/model/schema-change.js'
import { turn } from '../support/dispatcher-rig.js'
import { ALL, chunkOf, endGateRigs, FIRST, gateRig, KEYS, planOf } from '../support/gate-rig.js'
import { deleteOf, insertOf, PLACE, toyRoute, toyTarget, updateOf } from '../support/toy-route.js'

afterEach(endGateRigs)

const upsert = toyRoute(toyTarget('rows'))
const append = toyRoute(toyTarget('log'), { mode: 'append' })
const sums = toyRoute(toyTarget('sums'), { mode: 'aggregate' })

describe('the gate', () => {
  test('lets a chunk in on an idle source, behind the note of it', async () => {
    const r = gateRig([upsert])
    const window = await r.gate.copy(planOf([upsert])).window()
    expect(window.at.binPos).toBe(4)
    const admitted = window.admit(chunkOf(4, [1, 1], [2, 2]), ALL)
    expect(await r.load()).toEqual(['rows 1=1', 'rows 2=2'])
    await admitted
    expect(r.order).toEqual(['noted, 0 loads'])
    expect(r.noted).toMatchObject([{ epoch: 1, position: { binPos: 4 }, range: ALL, rows: 2, spool: null }])
  })

  test('has the end of the last copy loaded without a wait for more rows', async () => {
    const r = gateRig([upsert])
    const other = r.gate.copy(planOf([upsert], { table: 'other' }))
    const copy = r.gate.copy(planOf([upsert]))
    const first = (await copy.window()).admit(chunkOf(4, [1, 1]), ALL)
    while (r.noted.length < 1 || r.gate.full) await turn()
    await turn()
    expect(r.sink.loads).toEqual([])
    const last = (await other.window()).admit(chunkOf(4, [2, 2]), ALL)
    while (r.noted.length < 2 || r.gate.full || r.sink.loads.length === 0) await turn()
    await r.load()
    await Promise.all([first, last])
  })

  test('opens windows between transactions only, and the stream waits while a chunk goes in', async () => {
    const r = gateRig([upsert])
    const copy = r.gate.copy(planOf([upsert]))
    await r.rows(insertOf([9, 9]))
    let opened = false
    const opening = copy.window().then(window => {
      opened = true
      return window
    })
    await turn()
    expect(opened).toBe(false)
    r.commit()
    const window = await opening
    expect(window.at.binPos).toBe(14)
    const admitted = window.admit(chunkOf(14, [1, 1]), FIRST)
    expect(r.gate.full).toBe(true)
    const changed = r.rows(
      updateOf([
        [1, 1],
        [1, 7],
      ]),
    )
    r.commit()
    await changed
    r.commit()
    expect(await r.load()).toEqual(['rows 1=1', 'rows 1=7', 'rows 9=9'])
    await admitted
    expect(r.sink.tables.get('rows')).toEqual(
      new Map([
        [9, 9],
        [1, 7],
      ]),
    )
  })

  test("rows of another stream's share wait too, and are events all the same", async () => {
    const r = gateRig([upsert])
    const window = await r.gate.copy(planOf([upsert])).window()
    const admitted = window.admit(chunkOf(4, [1, 1]), FIRST)
    const held = r.gate.held(PLACE, 1)
    expect([held instanceof Promise, r.dispatcher.unfinished]).toEqual([true, true])
    await held
    expect(r.dispatcher.unfinished).toBe(true)
    r.commit()
    expect(await r.load()).toEqual(['rows 1=1'])
    await admitted
  })

  test('rows that were asked for by key: those that changed are left alone, those that are gone are deleted', async () => {
    const r = gateRig([upsert])
    const window = await r.gate.copy(planOf([upsert])).window()
    await r.rows(deleteOf([3, 3]))
    await r.rows(insertOf([5, 5]), 1)
    r.commit()
    const asked = [1, 2, 3, 4, 5].map(key => ({ text: `${key}`, deleteImage: Buffer.from([key, 0]) }))
    const admitted = window.admitKeys(chunkOf(4, [1, 1], [3, 3]), asked)
    expect(await r.load()).toEqual(['rows 1=1', 'rows 2-0', 'rows 3-3', 'rows 4-0', 'rows 5=5'])
    await admitted
    expect(r.noted).toEqual([])
  })

  test('a definition that changes voids the windows of its table, read or not', async () => {
    const r = gateRig([upsert])
    const copy = r.gate.copy(planOf([upsert]))
    const [read, open] = [await copy.window(), await copy.window()]
    const admitted = read.admit(chunkOf(99, [1, 1]), ALL)
    const change = { names: [{ schema: 's', table: 't' }], change: {} as never }
    await r.gate.tablesChanged({ statement: 'ALTER', tables: [change], unclear: null } satisfies SchemaChange)
    await expect(admitted).rejects.toMatchObject({ kind: 'chunkVoid' })
    expect(open.voided.reason).toMatchObject({ kind: 'chunkVoid' })
    await expect(open.admit(chunkOf(4), ALL)).rejects.toMatchObject({ kind: 'chunkVoid' })
    r.commit()
    expect((await copy.window()).at.binPos).toBe(14)
  })

  test('an image that leaves columns out voids a window whose rows it could not be weighed against', async () => {
    const r = gateRig([{ ...upsert, reshape: images => ({ route: upsert, images }) }])
    const window = await r.gate.copy(planOf([upsert])).window()
    await r.rows(insertOf([1, 1]), 0, false)
    expect(window.voided.aborted).toBe(true)
  })

  test('an image without its key stops the stream where the key decides', async () => {
    const keyTexts = (_images: Buffer, at: number, _end: number, to: string[]) => {
      to.push('')
      return at + 2
    }
    const keys = () => ({ ...KEYS, keyTexts })
    const r = gateRig([upsert], { keys })
    r.gate.copy(planOf([upsert], { mode: 'behindFrontier' }))
    await expect(r.rows(insertOf([1, 1]), 0, false)).rejects.toMatchObject({ kind: 'rowImageIncomplete' })
  })

  test('incomplete images of a table of rows go over all rows of the chunk again', async () => {
    const partial = { ...upsert, reshape: (images: RowImages) => ({ route: upsert, images }) }
    const r = gateRig([partial])
    const window = await r.gate.copy(planOf([partial], { mode: 'behindFrontier' })).window()
    await r.rows(
      updateOf([
        [1, 1],
        [1, 5],
      ]),
      0,
      false,
    )
    r.commit()
    expect(await r.load()).toEqual([])
    const admitted = window.admit(chunkOf(4, [1, 1], [2, 2]), ALL)
    expect(await r.load()).toEqual(['rows 1=1', 'rows 1=5', 'rows 2=2'])
    await admitted
    expect(r.sink.tables.get('rows')).toEqual(
      new Map([
        [1, 5],
        [2, 2],
      ]),
    )
  })

  test('changes and sums: rows as they were, then each change once, under its own change id', async () => {
    const r = gateRig([append, sums])
    const copy = r.gate.copy(planOf([append, sums], { mode: 'behindFrontier', frontier: ['2'] }))
    const window = await copy.window()
    // Row 0 is up to the frontier, row 1 moves over it, row 2 lies behind it.
    await r.rows(
      updateOf(
        [
          [1, 1],
          [1, 2],
        ],
        [
          [2, 3],
          [5, 4],
        ],
        [
          [6, 6],
          [6, 7],
        ],
      ),
      3,
    )
    r.commit()
    expect(await r.load()).toEqual(['log 1=2 4.3.0u', 'log 2=3 4.3.1d', 'sums 1-1', 'sums 1=2', 'sums 2-3'])
    // The chunk shows the change of 6 already, and 7.
    const admitted = window.admit(chunkOf(14, [5, 4], [6, 7], [7, 7]), { after: ['2'], upTo: null })
    expect(await r.load()).toEqual([
      'log 5=4 4.3.1i',
      'log 6=6 4.-2.0i',
      'log 6=7 4.3.2u',
      'log 7=7 4.-2.1i',
      'sums 5=4',
      'sums 6-6',
      'sums 6=6',
      'sums 6=7',
      'sums 7=7',
    ])
    await admitted
    expect(copy.isComplete).toBe(true)
  })

  test('of a table without a key: what was committed behind the place of the read comes behind its rows', async () => {
    const r = gateRig([append])
    const window = await r.gate.copy(planOf([append], { mode: 'behindFrontier', order: null })).window()
    await r.rows(insertOf([1, 1]))
    r.commit()
    await r.rows(insertOf([2, 2]))
    r.commit()
    const admitted = window.admit(chunkOf(14, [9, 9], [1, 1]), ALL)
    expect(await r.load()).toEqual(['log 1=1 4.-1.1i', 'log 2=2 14.0.0i', 'log 9=9 4.-1.0i'])
    await admitted
  })

  test('rows of a table without a key that another server gave are refused', async () => {
    const r = gateRig([append])
    const window = await r.gate.copy(planOf([append], { mode: 'behindFrontier', order: null })).window()
    await r.rows(insertOf([1, 1]))
    r.commit()
    // As a moment of another server is: by GTIDs alone.
    const high = { reachedBy: ({ binPos, gtidSet }: Position) => binPos === 4 || gtidSet !== '' }
    const admitted = window.admit({ ...chunkOf(4, [9, 9]), high }, ALL)
    r.gtidSet = 'u:1'
    r.commit()
    await expect(admitted).rejects.toMatchObject({ kind: 'sourceUnfit' })
    expect(r.sink.loads).toEqual([])
  })

  test('a note that cannot be written ends the flow before anything of the chunk leaves', async () => {
    const noteAdmitted = async () => {
      throw new Failure('positionUnsaved', 'no space')
    }
    const r = gateRig([upsert], { noteAdmitted })
    const window = await r.gate.copy(planOf([upsert])).window()
    await expect(window.admit(chunkOf(4, [1, 1]), ALL)).rejects.toMatchObject({ kind: 'positionUnsaved' })
    await expect(r.dispatcher.failed).rejects.toMatchObject({ kind: 'positionUnsaved' })
    expect(r.sink.loads).toEqual([])
  })

  test('a stop while the note is written lets nothing in: what is open is dropped', async () => {
    let noting = false
    const noteAdmitted = async () => {
      noting = true
      await turn()
    }
    const r = gateRig([upsert], { noteAdmitted })
    const window = await r.gate.copy(planOf([upsert])).window()
    const admitted = window.admit(chunkOf(4, [1, 1]), ALL)
    while (!noting) await null
    r.gate.abandon(new Failure('streamBroken', 'stop'))
    await expect(admitted).rejects.toMatchObject({ kind: 'streamBroken' })
    await turn()
    expect(r.dispatcher.unfinished).toBe(true)
    r.dispatcher.dropOpen()
    expect([await r.load(), r.sink.loads]).toEqual([[], []])
  })
})
