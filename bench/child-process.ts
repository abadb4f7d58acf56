import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

/** The program under test, as operators start it; the benchmark runs from the folder of the project. */
export const CLI = resolve('bin/mysql-sr-sync')
/** The same, not bundled: a profile names the files of what it does. */
export const CLI_MODULES = resolve('dist/lib/cli/entry.js')

/** Asks a child to end and waits for it; one that has ended is left alone. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** Gathers what a child says on a stream, for the message of a failure. */
export function textOf(stream: NodeJS.ReadableStream): () => string {
  let said = ''
  stream.on('data', data => {
    said += String(data)
  })
  return () => said
}
