import childProcess from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { ServerKind } from '../../lib/servers/server-recipe.js'
import { ServerAddress, startServer } from '../../lib/servers/test-server.js'

/**
 * Jest gives each test file its own copy of every module and of `process`, but Node's built-in modules are one per
 * worker process: the started servers are noted on one of them, so that all files of a worker share them.
 */
const NOTES = Symbol.for('mysql-sr-sync.shared-servers')
const notes = childProcess as unknown as { [NOTES]?: Partial<Record<ServerKind, Promise<{ port: number }>>> }

/**
 * The server of this kind, with default options, that all tests of this jest worker share: started at first use, ended
 * with the worker. A test that stops it, or needs options, starts its own with startServer.
 */
export async function sharedServer(kind: ServerKind): Promise<ServerAddress> {
  notes[NOTES] ??= {}
  notes[NOTES][kind] ??= startServer(kind).then(server => ({ port: server.port }))
  const { port } = await notes[NOTES][kind]
  return new ServerAddress(kind, port)
}

/** Makes an empty schema that no other test knows, and returns its name. */
export async function freshSchema(server: ServerAddress): Promise<string> {
  const name = `t_${randomBytes(6).toString('hex')}`
  await server.sql(`create database ${name} character set utf8mb4`)
  return name
}
