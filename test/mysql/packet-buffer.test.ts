import { describe, expect, test } from '@jest/globals'
import { PacketBuffer } from '../../lib/mysql/packet-buffer.js'
import { Random } from '../support/random.js'

const FULL = 0xff_ffff

/** The payload as the server would send it: in parts of at most 2^24 - 1 bytes, numbered from `sequence` on. */
function packetOf(payload: Buffer, sequence = 0): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; ; at += FULL) {
    const part = payload.subarray(at, at + FULL)
    const header = Buffer.alloc(4)
    header.writeUIntLE(part.length, 0, 3)
    header[3] = (sequence + pieces.length / 2) & 255
    pieces.push(header, part)
    if (part.length < FULL) return Buffer.concat(pieces)
  }
}

/** Told of each packet: true, when it is to be held over the next read; `release` is called before it is let go. */
interface Holder {
  take(): boolean
  release(): void
}
const NOBODY: Holder = { take: () => false, release: () => undefined }

/** Writes `bytes` in pieces of these lengths (the last one is repeated) and takes every packet as soon as it is whole. */
function cut(packets: PacketBuffer, bytes: Buffer, lengths: readonly number[], holder = NOBODY): Buffer[] {
  const found: Buffer[] = []
  let held = false
  const take = (): void => {
    while (!held && packets.next()) {
      found.push(Buffer.from(packets.buffer.subarray(packets.start, packets.end)))
      held = holder.take()
    }
  }
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const room = packets.room(held)
    const length = Math.min(lengths[Math.min(i, lengths.length - 1)]!, room.length, bytes.length - at)
    bytes.copy(room, 0, at, at + length)
    packets.added(length)
    at += length
    if (held) holder.release()
    held = false
    take()
  }
  while (held) {
    holder.release()
    held = false
    take()
  }
  return found
}

function expectSame(found: readonly Buffer[], payloads: readonly Buffer[]): void {
  expect(found.map(packet => packet.length)).toEqual(payloads.map(payload => payload.length))
  for (const [i, packet] of found.entries()) if (!packet.equals(payloads[i]!)) throw new Error(`packet ${i} differs`)
}

const text = (length: number, seed: number) => Buffer.alloc(length, `${seed} packet `)

describe('packets', () => {
  test('a stream is cut the same way wherever its pieces end', () => {
    const payloads = [text(1, 1), text(0, 2), text(300, 3), text(70_000, 4), text(5, 5)]
    const bytes = Buffer.concat(payloads.map(payload => packetOf(payload)))
    for (const length of [1, 2, 3, 4, 5, 7, 299, 65_536, bytes.length])
      expectSame(cut(new PacketBuffer(), bytes, [length]), payloads)
    for (let first = 1; first < 320; first++)
      expectSame(cut(new PacketBuffer(), bytes, [first, bytes.length]), payloads)
  })

  test('packets larger than its memory, and of several parts, come as one', () => {
    const lengths = [600_000, FULL - 1, FULL, FULL + 1, 10, 2 * FULL, 2 * FULL + 70, 3]
    const payloads = lengths.map(text)
    const bytes = Buffer.concat(payloads.map(payload => packetOf(payload)))
    for (const length of [100_000, 262_144, 5_000_000]) {
      const packets = new PacketBuffer()
      expectSame(cut(packets, bytes, [length]), payloads)
      expect(packets.sequence).toBe(0)
      // Behind them the memory is small again.
      packets.room(false)
      expect(packets.buffer.length).toBeLessThan(1_000_000)
    }
  })

  test('the number of the last part is told', () => {
    const packets = new PacketBuffer()
    cut(packets, packetOf(text(FULL + 5, 1), 7), [300_000])
    expect(packets.sequence).toBe(8)
  })

  test('what is held is not written over, and nothing is lost behind it', () => {
    const random = new Random(7)
    const below = (n: number) => random.below(n)
    let holds = 0
    for (let round = 0; round < 10; round++) {
      const payloads = Array.from({ length: 200 }, (_, i) => text(below(4) === 0 ? below(400_000) : below(300), i))
      const bytes = Buffer.concat(payloads.map(payload => packetOf(payload)))
      const packets = new PacketBuffer()
      let held = Buffer.alloc(0)
      let copy = held
      const lengths = Array.from({ length: 5000 }, () => 1 + below(below(3) === 0 ? 300_000 : 5000))
      const found = cut(packets, bytes, lengths, {
        take: () => {
          held = packets.buffer.subarray(packets.start, packets.end)
          copy = Buffer.from(held)
          return below(3) === 0
        },
        release: () => {
          holds++
          if (!held.equals(copy)) throw new Error('a packet was written over while it was held')
        },
      })
      expectSame(found, payloads)
    }
    expect(holds).toBeGreaterThan(100)
  })
})
