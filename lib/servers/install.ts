import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Failure } from '../model/failure.js'
import { cacheFolder, withLock } from './cache-folder.js'
import { makeTemplate } from './data-template.js'
import { InstalledServer } from './installed-server.js'
import { unpackPackages } from './private-apt.js'
import { RECIPES, type ServerKind } from './server-recipe.js'

export interface InstallOptions {
  /** Default: see cacheFolder. */
  readonly cache?: string
  /** One line a step; default standard error. Not called when the server is in the cache already. */
  readonly progress?: (line: string) => void
}

/**
 * The server from the cache folder, put there first when it is not: about 20 seconds and 60 MB of downloads, once.
 *
 * It is made in a folder beside and renamed when complete, under a lock: neither two processes at once nor one cut
 * short leave anything half done. Fails (sourceUnreachable) with the reason and the remedy when it cannot be had.
 */
export async function installServer(kind: ServerKind, options: InstallOptions = {}): Promise<InstalledServer> {
  const recipe = RECIPES[kind]
  const cache = resolve(options.cache ?? cacheFolder())
  const name = `${kind}-r${recipe.revision}`
  const server = new InstalledServer(kind, join(cache, name))
  if (existsSync(server.folder)) return server
  const say = options.progress ?? (line => process.stderr.write(`${line}\n`))
  const progress = (line: string) => say(`${recipe.title}: ${line}`)
  const startedMs = performance.now()
  try {
    await withLock(
      cache,
      name,
      () => progress('another process is installing it; waiting'),
      async () => {
        if (existsSync(server.folder)) return
        // Only the holder of the lock makes such folders, so those found here were left by a process that died.
        for (const left of await readdir(cache))
          if (left.startsWith(`${name}.partial-`)) await rm(join(cache, left), { recursive: true, force: true })
        const partial = join(cache, `${name}.partial-${process.pid}`)
        try {
          await mkdir(partial, { recursive: true })
          const made = new InstalledServer(kind, partial)
          const scratch = join(partial, 'scratch')
          const packages = await unpackPackages(recipe.packages, scratch, made.root, progress)
          await rm(scratch, { recursive: true, force: true })
          await writeFile(join(partial, 'packages.json'), `${JSON.stringify(packages, null, 1)}\n`)
          progress('preparing an empty data folder')
          await makeTemplate(made)
          await rename(partial, server.folder)
        } finally {
          await rm(partial, { recursive: true, force: true })
        }
        progress(`ready after ${((performance.now() - startedMs) / 1000).toFixed(0)} s; kept in ${server.folder}`)
      },
    )
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const advice = `${cause instanceof Failure && cause.kind === 'sourceUnreachable' ? `${cause.advice} ` : ''}${REMEDY}`
    throw new Failure('sourceUnreachable', `${recipe.title} cannot be had: ${why}`, { cause, advice })
  }
  return server
}

const REMEDY =
  'It is taken from a Debian mirror (addresses and proxy as in /etc/apt), so this needs a Debian with apt-get, a mirror in reach and 700 MB of disk. ' +
  'Or copy the folder ~/.cache/mysql-sr-sync from a machine that has it, and name it in MYSQL_SR_SYNC_CACHE.'
