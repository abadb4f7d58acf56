import { createHash } from 'node:crypto'
import { Failure } from '../../model/failure.js'
import { errorText } from '../../model/system-error.js'
import type { TransformFunction, TransformModule } from '../../model/transform-module.js'

/** Functions of the modules that were loaded, by what they are made of: a module is evaluated once, as the runtime does it. */
const LOADED = new Map<string, TransformFunction>()

/** A digest of what a module does. */
export function moduleDigest({ source }: TransformModule): string {
  return createHash('sha256').update(source).digest('hex').slice(0, 16)
}

/**
 * Evaluates a module, so that `transformOf` has its function. It is loaded from its text, so that two texts of one file are
 * two modules, and so it can import nothing but what the runtime has built in.
 * @throws Failure ruleInvalid naming the module and, where it is known, the line
 */
export async function loadTransform(module: TransformModule, rule: string): Promise<void> {
  if (LOADED.has(keyOf(module))) return
  const invalid = (reason: string, cause?: unknown) =>
    new Failure('ruleInvalid', `${rule}: transform = "${module.path}": ${reason}`, {
      cause,
      advice: 'Correct the module; docs/transform.md tells what it has to be. `mysql-sr-sync test-rules` tries it out.',
    })
  let found: unknown
  try {
    found = ((await import(urlOf(module))) as { readonly default?: unknown }).default
  } catch (error) {
    throw invalid(await loadProblem(module, error), error)
  }
  if (typeof found !== 'function') throw invalid(`${module.file} has no function as its default export.`)
  if (/^(?:Async|Generator|AsyncGenerator)Function$/.test(found.constructor.name))
    throw invalid(
      `the default export of ${module.file} is an ${found.constructor.name}; it must return its rows at once.`,
    )
  LOADED.set(keyOf(module), found as TransformFunction)
}

/** The function of a module that was loaded. */
export function transformOf(module: TransformModule): TransformFunction {
  const found = LOADED.get(keyOf(module))
  if (found === undefined) throw new Failure('internal', `The module ${module.path} is used before it was loaded.`)
  return found
}

/** "orders.mjs:7" where an error was thrown in the module, else its path. */
export function placeOf(module: TransformModule, error: unknown): string {
  const stack = (error as { readonly stack?: unknown } | null | undefined)?.stack
  if (typeof stack !== 'string') return module.path
  // Some runtimes name the file in stacks, some what was imported.
  for (const name of [module.file, urlOf(module)]) {
    const at = stack.indexOf(`${name}:`)
    const line = at < 0 ? undefined : /^\d+/.exec(stack.slice(at + name.length + 1))?.[0]
    if (line !== undefined) return `${module.path}:${line}`
  }
  return module.path
}

function keyOf(module: TransformModule): string {
  return `${module.file} ${moduleDigest(module)}`
}

/** Stacks name the file in place of the text. */
function urlOf({ file, source }: TransformModule): string {
  const text = `${source}\n//# sourceURL=${file}\n`
  return `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
}

async function loadProblem(module: TransformModule, error: unknown): Promise<string> {
  const text = errorText(error).replaceAll(urlOf(module), module.file)
  if ((error as { code?: unknown } | null)?.code === 'ERR_UNSUPPORTED_RESOLVE_REQUEST' || /module specifier/.test(text))
    return `${module.file} imports another file or package. A module is one file, which may import "node:…" only: what it does must not change without it.`
  if (error instanceof SyntaxError)
    return `${module.file}${await syntaxPlace(module)} is no JavaScript module: ${text}.`
  const place = placeOf(module, error)
  const where = place === module.path ? module.file : `${module.file}${place.slice(module.path.length)}`
  return `${where} throws while it is loaded: ${text}.`
}

/** The runtime tells the place of a syntax error to who checks a text, and to nobody who imports it. */
async function syntaxPlace({ source }: TransformModule): Promise<string> {
  const { execFile } = await import('node:child_process')
  const printed = await new Promise<string>(resolve => {
    const child = execFile(process.execPath, ['--check', '--input-type=module', '-'], (_error, _out, text) =>
      resolve(text),
    )
    // A child that is gone before it has read all says what it found all the same.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(source)
  })
  const line = /^\[stdin\]:(\d+)/m.exec(printed)?.[1]
  return line === undefined ? '' : `, line ${line},`
}
