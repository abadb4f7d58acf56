import { expect, test } from '@jest/globals'
import { tableCrc32 } from '../../lib/binlog/checksum.js'
import { EVENT, eventName } from '../../lib/binlog/event.js'
import { Failure } from '../../lib/model/failure.js'
import { randomFrom } from '../support/binlog-builder.js'
import { consume, prepared, sampleEvents } from '../support/event-samples.js'

const RUNS = Number(process.env.RUNS ?? 5_000)
/** A single event may take so long on a busy machine; without end is longer. */
const HANG_MS = 5_000
const HEADER_BYTES = 19

type Random = (below: number) => number

/** Flips, overwrites, cuts, repeats or moves bytes behind the header. */
function mutate(clean: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(clean)
  for (let times = 1 + random(3); times > 0; times--) {
    const at = HEADER_BYTES + random(Math.max(1, bytes.length - HEADER_BYTES))
    const size = 1 + random(8)
    switch (random(6)) {
      case 0:
        bytes = Buffer.from(bytes.subarray(0, at))
        break
      case 1:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(Array.from({ length: size }, () => random(256))),
          bytes.subarray(at),
        ])
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)])
        break
      case 3:
        for (let i = at; i < Math.min(bytes.length, at + size); i++) bytes[i] = [0, 255, 128, 127, 1][random(5)]!
        break
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(HEADER_BYTES, at), bytes.subarray(at)])
        break
      default:
        if (at < bytes.length) bytes[at]! ^= 1 << random(8)
    }
  }
  if (bytes.length < HEADER_BYTES) bytes = Buffer.concat([bytes, clean.subarray(bytes.length, HEADER_BYTES)])
  return bytes
}

/** A header that agrees with what follows, and a checksum where there is one. */
function sealed(body: Buffer, checksum: boolean): Buffer {
  const bytes = checksum ? Buffer.concat([body, Buffer.alloc(4)]) : Buffer.from(body)
  bytes.writeUInt32LE(bytes.length, 9)
  if (checksum) bytes.writeUInt32LE(tableCrc32(bytes, 0, body.length), body.length)
  return bytes
}

test('damaged events of every kind are a failure that names file and offset, or well formed', () => {
  const seed = Number(process.env.SEED ?? 20_261_121)
  const random = randomFrom(seed)
  const samples = { plain: sampleEvents(false), summed: sampleEvents(true) }
  const rowsOf = (all: readonly Buffer[]) =>
    all.filter(bytes => bytes[4] === EVENT.WRITE_ROWS || bytes[4] === EVENT.PARTIAL_UPDATE_ROWS)
  const kinds = new Set<number>()
  const seen = { runs: 0, failures: 0, whole: 0 }
  for (; seen.runs < RUNS; seen.runs++) {
    const checksum = random(2) === 0
    const clean = checksum ? samples.summed : samples.plain
    // Documents within differences are the deepest: they get their share of the runs.
    const deep = random(4) === 0 ? clean.find(one => one[4] === EVENT.PARTIAL_UPDATE_ROWS) : undefined
    const body = deep ?? clean[random(clean.length)]!
    const bytes = sealed(mutate(checksum ? body.subarray(0, -4) : body, random), checksum)
    kinds.add(bytes[4]!)
    // Behind a table map that was damaged its rows are read; as they were, and damaged.
    const others = bytes[4] === EVENT.TABLE_MAP ? rowsOf(clean) : []
    const decoder = prepared(checksum)
    const begun = Date.now()
    let decoding = true
    try {
      for (const one of [bytes, ...others]) {
        decoding = true
        const event = decoder.decode(one, 0, one.length)
        decoding = event.kind === 'payload'
        consume(decoder, event)
      }
      seen.whole++
    } catch (error) {
      seen.failures++
      const what = `SEED=${seed}, run ${seen.runs}, ${eventName(bytes[4]!)} ${bytes.toString('hex')}`
      if (!(error instanceof Failure) || error.kind === 'internal') throw new Error(what, { cause: error })
      const named = /mbin\.000001(:\d+| \(\d+ bytes, position not sent\))/.test(error.message)
      if (decoding && !named && !/column /.test(error.message)) throw new Error(`${what}: ${error.message}`)
    }
    if (Date.now() - begun > HANG_MS) throw new Error(`SEED=${seed}, run ${seen.runs} took ${Date.now() - begun} ms`)
  }
  expect(kinds.size).toBeGreaterThan(25)
  expect(seen.failures).toBeGreaterThan(500)
  expect(seen.whole).toBeGreaterThan(100)
  process.stderr.write(`SEED=${seed}: ${seen.runs} damaged events of ${kinds.size} kinds, ${seen.failures} refused\n`)
}, 60_000)
