import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../model/failure.js'
import { errorText } from '../model/system-error.js'
import type { SchemaReport, TargetReport } from '../schema-report.js'
import { renderCreateDatabase } from '../starrocks/ddl.js'

/** The scripts by file name: one for each rule, and one with all of them. Any SQL client may run them, again and again. */
export function renderScripts(report: SchemaReport): ReadonlyMap<string, string> {
  const scripts = new Map<string, string>()
  for (const rule of report.rules)
    scripts.set(
      `starrocks-create.${rule}.sql`,
      renderScript(
        `[[rule]] number ${rule}`,
        report.targets.filter(target => target.rules.includes(rule)),
      ),
    )
  return scripts.set('starrocks-create.all.sql', renderScript('all rules', report.targets))
}

/** Writes the scripts into a folder, made when it is missing; returns their paths. Throws a Failure naming the folder. */
export function writeScripts(folder: string, scripts: ReadonlyMap<string, string>): string[] {
  try {
    mkdirSync(folder, { recursive: true })
    return [...scripts].map(([name, text]) => {
      const path = join(folder, name)
      writeFileSync(path, text)
      return path
    })
  } catch (error) {
    throw new Failure('configInvalid', `cannot write into ${folder} (schema.output_dir): ${errorText(error)}`, {
      cause: error,
      advice: 'Name a folder in schema.output_dir that can be written.',
    })
  }
}

function renderScript(of: string, targets: readonly TargetReport[]): string {
  const usable = targets.filter(target => target.statement !== null)
  const databases = [...new Set(usable.map(({ database }) => database))]
  return [
    `-- StarRocks tables of ${of}, written by mysql-sr-sync schema`,
    ...targets
      .filter(target => target.statement === null)
      .map(({ target }) => `-- ${oneLine(target)} is left out: StarRocks could not have it`),
    ...(targets.length === 0 ? ['-- no table of the source matches'] : []),
    ...databases.map(database => `\n${renderCreateDatabase(database)};`),
    ...usable.map(({ statement, sources }) => `\n-- from ${oneLine(sources.join(', '))}\n${statement};`),
    '',
  ].join('\n')
}

/** A comment ends with its line, and names may hold anything. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\u2028\u2029]/g, ' ')
}
