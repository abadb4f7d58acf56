import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { readCreateTable } from '../../lib/sandbox/create-table-parser.js'
import type { Sandbox, SandboxOptions } from '../../lib/sandbox/sandbox.js'
import { defineTable } from '../../lib/sandbox/table-rules.js'
import { createDatabase, createTable } from '../../lib/sandbox/table-storage.js'
import { TokenReader } from '../../lib/sandbox/token-reader.js'
import { memorySandbox } from '../support/memory-sandbox.js'

export const USER = 'root'
export const PASSWORD = 'p:w@d'
export const AUTHORIZATION = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`

/** What came back; `continued` tells whether 100 Continue was seen. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly continued: boolean
}

export interface LoadReply {
  TxnId: number
  Label: string
  Status: string
  ExistingJobStatus?: string
  Message: string
  NumberTotalRows: number
  NumberLoadedRows: number
  NumberFilteredRows: number
  NumberUnselectedRows: number
  LoadBytes: number
  ErrorURL?: string
}

/** A sandbox in memory on free ports with the database `d`. */
export async function openSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await memorySandbox({ user: USER, password: PASSWORD, ...options })
  if (!sandbox.store.catalog.hasDatabase('d')) await createDatabase(sandbox.store, 'd')
  return sandbox
}

/** Makes a table of `d` from the text behind CREATE TABLE. */
export async function makeTable(sandbox: Sandbox, ddl: string): Promise<void> {
  const statement = readCreateTable(new TokenReader(ddl), false)
  await createTable(sandbox.store, defineTable(statement, 'd', 1))
}

/** The rows of a table of `d` as texts, in the order of `orderBy`. */
export async function rowsOf(
  sandbox: Sandbox,
  table: string,
  orderBy = '1',
  select = '*',
): Promise<(string | null)[][]> {
  const reader = await sandbox.store.reader()
  try {
    const name = sandbox.store.physicalName(sandbox.store.catalog.requireTable('d', table))
    const result = await reader.runAndReadAll(
      `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (SELECT ${select} FROM ${name} ORDER BY ${orderBy})`,
    )
    return result.getRows() as (string | null)[][]
  } finally {
    reader.closeSync()
  }
}

/** One request. With `expect` among the headers the body is sent only after 100 Continue; without, at once. */
export function send(method: string, url: string, headers: OutgoingHttpHeaders = {}, body?: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let continued = false
    const req = request(url, { method, headers, agent: false })
    req.on('continue', () => {
      continued = true
      req.end(body)
    })
    req.on('error', reject)
    req.on('response', res => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('error', reject)
      res.on('end', () => {
        req.destroy()
        const { statusCode: status = 0, headers } = res
        resolve({ status, headers, text: Buffer.concat(chunks).toString('utf8'), continued })
      })
    })
    if (headers.expect === undefined) req.end(body)
    else req.flushHeaders()
  })
}

export interface LoadOptions {
  readonly table: string
  readonly body: string | Buffer
  readonly database?: string
  readonly headers?: OutgoingHttpHeaders
}

export function loadPath(options: { readonly table: string; readonly database?: string }): string {
  return `/api/${options.database ?? 'd'}/${options.table}/_stream_load`
}

export function loadHeaders(body: Buffer, headers: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
  return { authorization: AUTHORIZATION, expect: '100-continue', 'content-length': body.length, ...headers }
}

/** A whole Stream Load by way of the FE: follows its 307s (at most 3), sends the body where 100 Continue is given. */
export async function streamLoad(sandbox: Sandbox, options: LoadOptions): Promise<LoadReply> {
  const body = Buffer.from(options.body as Buffer)
  let url = `http://127.0.0.1:${sandbox.feHttpPort}${loadPath(options)}`
  for (let hop = 0; hop < 4; hop++) {
    const answer = await send('PUT', url, loadHeaders(body, options.headers), body)
    if (answer.status !== 307) return JSON.parse(answer.text) as LoadReply
    url = answer.headers.location!
  }
  throw new Error('too many redirects')
}

/** A load sent to the BE directly; the raw answer. */
export function loadAtBackend(sandbox: Sandbox, options: LoadOptions): Promise<Answer> {
  const body = Buffer.from(options.body as Buffer)
  return send(
    'PUT',
    `http://127.0.0.1:${sandbox.beHttpPort}${loadPath(options)}`,
    loadHeaders(body, options.headers),
    body,
  )
}

/** The page behind an ErrorURL. */
export async function errorLog(reply: LoadReply): Promise<string> {
  return (await send('GET', reply.ErrorURL!)).text
}

export async function loadState(sandbox: Sandbox, label: string): Promise<Record<string, string>> {
  const url = `http://127.0.0.1:${sandbox.feHttpPort}/api/d/get_load_state?label=${label}`
  return JSON.parse((await send('GET', url, { authorization: AUTHORIZATION })).text) as Record<string, string>
}
