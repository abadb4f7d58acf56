import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Status } from '../lib/observe/status.js'
import { readStatusFile } from '../lib/observe/status-file.js'
import type { BinlogSet } from './binlog-set.js'
import { CLI, endProcess, textOf } from './child-process.js'
import { engineSettings } from './engine-run.js'
import type { SinkProcess } from './sink-process.js'

const LOOK_MS = 25

/** An engine that follows one table from the end of the binlog on, delivery atomic, while somebody writes. */
export class SteadyEngine {
  readonly #child: ChildProcess
  readonly #dataDir: string
  readonly #said: () => string

  private constructor(child: ChildProcess, dataDir: string) {
    this.#child = child
    this.#dataDir = dataDir
    const said = [textOf(child.stdout!), textOf(child.stderr!)]
    this.#said = () => said.map(text => text()).join('')
  }

  /** Resolves when it streams. `settings`: further top-level lines of sync.toml; `folder` is its own. */
  static async start(
    set: BinlogSet,
    sink: SinkProcess,
    table: string,
    settings: string,
    folder: string,
  ): Promise<SteadyEngine> {
    const dataDir = join(folder, 'var')
    await mkdir(dataDir)
    const { binName, binPos } = await set.head()
    await writeFile(join(dataDir, 'master.info'), `bin_name = "${binName}"\nbin_pos = ${binPos}\n`)
    await writeFile(
      join(folder, 'sync.toml'),
      engineSettings(set.server, sink, [table], { delivery: 'atomic', settings }),
    )
    const child = spawn(process.execPath, [CLI, 'run', '-c', join(folder, 'sync.toml')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const engine = new SteadyEngine(child, dataDir)
    await engine.until(() => engine.status()?.state === 'streaming')
    return engine
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** What it wrote last; null while there is nothing. */
  status(): Status | null {
    return readStatusFile(this.#dataDir)?.status ?? null
  }

  /** Waits until it is so; rejects with what the engine said when it has ended. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`the engine has ended:\n${this.#said()}`)
      await sleep(LOOK_MS)
    }
  }

  stop(): Promise<void> {
    return endProcess(this.#child)
  }
}
