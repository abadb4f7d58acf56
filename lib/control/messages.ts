import { FAILURES, Failure, type FailureKind } from '../model/failure.js'

/** What a command asks of the engine, as one line of JSON. */
export interface ControlRequest {
  readonly request: string
  readonly options: Readonly<Record<string, unknown>>
}

/** One line of the engine's answer. The last one is a result or a failure. */
export type ControlAnswer =
  | { readonly progress: unknown }
  | { readonly result: unknown }
  | { readonly failure: { readonly kind: FailureKind; readonly message: string; readonly advice: string } }

/** @throws Failure requestRefused where the line is no request */
export function parseRequest(line: string): ControlRequest {
  const value = parseObject(line)
  if (value === null || typeof value.request !== 'string')
    throw new Failure('requestRefused', `this is no request: ${excerpt(line)}`)
  const options = value.options ?? {}
  if (!isObject(options))
    throw new Failure('requestRefused', `the options of ${value.request} are no object: ${excerpt(line)}`)
  return { request: value.request, options }
}

/** @throws Failure answerLost where the line is no answer */
export function parseAnswer(line: string): ControlAnswer {
  const value = parseObject(line)
  if (value !== null && 'progress' in value) return { progress: value.progress }
  if (value !== null && 'result' in value) return { result: value.result }
  const failure = value?.failure
  if (!isObject(failure) || typeof failure.message !== 'string' || typeof failure.advice !== 'string')
    throw new Failure('answerLost', `the engine answered what is no answer: ${excerpt(line)}`)
  const { kind, message, advice } = failure
  // The engine may be of another version and know more kinds.
  const known = typeof kind === 'string' && Object.hasOwn(FAILURES, kind) ? (kind as FailureKind) : 'requestRefused'
  return { failure: { kind: known, message, advice } }
}

/** A request or an answer as its line, newline included. */
export function renderLine(message: ControlRequest | ControlAnswer): string {
  return `${JSON.stringify(message)}\n`
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function excerpt(line: string): string {
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}…` : line)
}
