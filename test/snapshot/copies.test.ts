import { expect, test } from '@jest/globals'
import { STORIES, tell } from '../support/copy-story.js'
import { Random } from '../support/random.js'

const SEEDS = Number(process.env.SEEDS ?? 25)
const FIRST = Number(process.env.SEED ?? 20261121)
/** Histories that run side by side: what waits for one waits for all. */
const ABREAST = 100
test.each(Object.entries(STORIES))(
  `%s: tables with rows are copied under traffic, crash after crash, and end as the source (${SEEDS} seeds from ${FIRST})`,
  async (_, story) => {
    const wrong: object[] = []
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += ABREAST) {
      const seeds = Array.from({ length: Math.min(ABREAST, FIRST + SEEDS - seed) }, (_, i) => seed + i)
      const faults = await Promise.all(seeds.map(one => tell(one, story, new Random(one))))
      wrong.push(...faults.filter(fault => fault !== null))
    }
    expect(wrong.slice(0, 3)).toEqual([])
  },
)

test.each([20261288, 20261486, 20261521])(
  'epochs that were begun behind the frontier are read again so, although whole row images are logged by now (seed %d)',
  async seed => {
    expect(await tell(seed, STORIES['labels, rows, now this way and now that']!, new Random(seed))).toBeNull()
  },
)
