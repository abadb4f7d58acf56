/** Where the CPU of a run of the engine went, by V8's sampling profiler. */

/** The parts of a .cpuprofile file that are read; see the inspector protocol, type Profiler.Profile. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

export const STAGES = [
  'framing',
  'decode and encode',
  'positions and schema',
  'window and epochs',
  'HTTP',
  'start',
  'garbage collection',
  'other',
] as const
export type Stage = (typeof STAGES)[number]

export interface StageBudget {
  readonly name: string
  /** Of the main thread while it was not idle, in ms. The profiler itself is in it. */
  readonly busy_ms: number
  /** Shares of busy_ms; they make 1 together. */
  readonly shares: Readonly<Record<Stage, number>>
  /** Functions with the greatest time of their own, with their share of busy_ms. */
  readonly top: readonly { readonly place: string; readonly share: number }[]
}

/** The first that fits a frame's URL decides. */
const PLACES: readonly (readonly [RegExp, Stage])[] = [
  [/@vlasky\/zongji\/lib\/gtid_set/, 'positions and schema'],
  [/\/lib\/mysql\/(dump-connection|packet-buffer|direct-socket)|node_modules\/(mysql2|@vlasky\/zongji)\//, 'framing'],
  [/\/lib\/(binlog|rules)\//, 'decode and encode'],
  [/\/lib\/mysql\//, 'positions and schema'],
  [/\/lib\/dispatch\/|\/lib\/checkpoint\//, 'window and epochs'],
  [/\/lib\/starrocks\/|node_modules\/undici\/|^node:_http|^node:internal\/(http|deps\/undici)/, 'HTTP'],
  [/^node:internal\/(modules|bootstrap|main|process\/(pre_execution|esm))|\/lib\/(config|cli)\//, 'start'],
]
/** What the row encoders make by `new Function` has a name and no URL; so have V8's own entries, which stand in brackets. */
const BUILT_IN = /^\(/

const TOP = 15

/**
 * The profiler samples every 1,000 us of wall time. A longer gap is time in which the process did not run, for others had the
 * processor: it says nothing of the function that was caught behind it.
 */
const LONGEST_US = 2_000

/**
 * Shares by stage and the functions that took most. Time of a frame that belongs to no stage (Buffer, zlib, streams) is its
 * nearest caller's; compiled row encoders are of decode and encode.
 */
export function stageBudget(name: string, profile: CpuProfile): StageBudget {
  const nodes = new Map(profile.nodes.map(node => [node.id, node]))
  const parents = new Map(profile.nodes.flatMap(node => (node.children ?? []).map(child => [child, node.id] as const)))
  const stages = new Map<number, Stage>()
  const stageOf = (id: number): Stage => {
    const known = stages.get(id)
    if (known !== undefined) return known
    const parent = parents.get(id)
    const stage = ownStage(nodes.get(id)!) ?? (parent === undefined ? 'other' : stageOf(parent))
    stages.set(id, stage)
    return stage
  }
  const byStage = Object.fromEntries(STAGES.map(stage => [stage, 0])) as Record<Stage, number>
  const byPlace = new Map<string, number>()
  let busy = 0
  profile.samples.forEach((id, i) => {
    const node = nodes.get(id)!
    if (node.callFrame.functionName === '(idle)') return
    const us = Math.min(LONGEST_US, Math.max(0, profile.timeDeltas[i] ?? 0))
    busy += us
    byStage[stageOf(id)] += us
    const place = placeOf(node)
    byPlace.set(place, (byPlace.get(place) ?? 0) + us)
  })
  const share = (us: number) => Number((us / busy).toFixed(4))
  return {
    name,
    busy_ms: Math.round(busy / 1000),
    shares: Object.fromEntries(STAGES.map(stage => [stage, share(byStage[stage])])) as Record<Stage, number>,
    top: [...byPlace]
      .sort(([, a], [, b]) => b - a)
      .slice(0, TOP)
      .map(([place, us]) => ({ place, share: share(us) })),
  }
}

function ownStage({ callFrame: { functionName, url } }: ProfileNode): Stage | null {
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (functionName === '(program)' || functionName === '(root)') return 'other'
  const found = PLACES.find(([pattern]) => pattern.test(url))
  if (found !== undefined) return found[1]
  return null
}

function placeOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  if (BUILT_IN.test(functionName)) return functionName
  const file = url.replace(/^.*\/dist\/lib\//, 'lib/').replace(/^.*\/node_modules\//, '')
  return `${functionName || '(anonymous)'} ${file === '' ? '(generated or native)' : `${file}:${lineNumber + 1}`}`
}
