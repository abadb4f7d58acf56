import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The lines of all dead-letter files below an engine's folder that are letters, not what became of them, parsed. */
export async function parkedLines(engineFolder: string): Promise<Record<string, unknown>[]> {
  const folder = join(engineFolder, 'var', 'dead-letter')
  const texts = await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')))
  return texts
    .flatMap(text => text.split('\n').filter(line => line !== ''))
    .map(line => JSON.parse(line) as Record<string, unknown>)
    .filter(line => !('state' in line))
}
