import { expect, test } from '@jest/globals'
import { ChunkPool } from '../../lib/dispatch/chunk-pool.js'

const KIB = 1024
const take = (pool: ChunkPool, count: number) => Array.from({ length: count }, () => pool.take(0, 0))
const giveAll = (pool: ChunkPool, chunks: readonly Buffer[]) => {
  for (const chunk of chunks) pool.give(chunk)
}

test('a buffer that was given back is used again', () => {
  const pool = new ChunkPool()
  const chunk = pool.take(100, 0)
  pool.give(chunk)
  expect(pool.take(100, 0)).toBe(chunk)
  expect(pool.freeBytes).toBe(0)
})

test('sizes grow with the chunks of a body and with what is needed; what is larger than all is not kept', () => {
  const pool = new ChunkPool()
  expect([0, 1, 2, 3, 4].map(step => pool.take(0, step).length / KIB)).toEqual([16, 64, 256, 1024, 1024])
  expect(pool.take(20 * KIB, 0).length).toBe(64 * KIB)
  const huge = pool.take(3000 * KIB, 0)
  expect(huge.length).toBe(3000 * KIB)
  pool.give(huge)
  expect(pool.freeBytes).toBe(0)
})

test('what one large epoch needed is let go by and by, what each needs is kept', () => {
  const pool = new ChunkPool()
  giveAll(pool, take(pool, 1000))
  expect(pool.freeBytes).toBe(1000 * 16 * KIB)
  let made = new Set<Buffer>()
  for (let epoch = 0; epoch < 900; epoch++) {
    const chunks = take(pool, 10)
    made = new Set([...made, ...chunks])
    giveAll(pool, chunks)
  }
  expect(pool.freeBytes).toBe(10 * 16 * KIB)
  expect(made.size).toBe(10)
})
