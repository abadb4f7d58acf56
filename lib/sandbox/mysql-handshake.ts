import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { FieldReader, type PacketBuilder } from './mysql-packet.js'
import { SqlError } from './sql-error.js'

/** Capability flags StarRocks advertises (mysql/MysqlCapability.java); no TLS, compression or multi statements. */
const CAPABILITY = {
  longPassword: 0x1,
  longFlag: 0x4,
  connectWithDb: 0x8,
  protocol41: 0x200,
  secureConnection: 0x8000,
  pluginAuth: 0x80000,
  connectAttrs: 0x100000,
  pluginAuthLenenc: 0x200000,
} as const

const ADVERTISED = Object.values(CAPABILITY).reduce((sum, flag) => sum | flag, 0)
const PLUGIN = 'mysql_native_password'
const CHARSET_UTF8MB4 = 45
const STATUS_AUTOCOMMIT = 2

export interface HandshakeResponse {
  readonly user: string
  readonly token: Buffer
  readonly database: string | null
  readonly plugin: string
}

/** 20 random bytes without zero, since clients read the seed as zero-ended text. */
export function createSeed(): Buffer {
  return Buffer.from(randomBytes(20).map(byte => (byte % 255) + 1))
}

/** Protocol::HandshakeV10 */
export function writeHandshake(
  builder: PacketBuilder,
  connectionId: number,
  seed: Buffer,
  serverVersion: string,
): void {
  builder
    .begin()
    .uint(10, 1)
    .zeroEnded(serverVersion)
    .uint(connectionId, 4)
    .raw(seed.subarray(0, 8))
    .uint(0, 1)
    .uint(ADVERTISED & 0xffff, 2)
    .uint(CHARSET_UTF8MB4, 1)
    .uint(STATUS_AUTOCOMMIT, 2)
    .uint(ADVERTISED >>> 16, 2)
    .uint(seed.length + 1, 1)
    .raw(Buffer.alloc(10))
    .raw(seed.subarray(8))
    .uint(0, 1)
    .zeroEnded(PLUGIN)
    .end()
}

/** Protocol::AuthSwitchRequest: asks the client to answer the same seed by mysql_native_password. */
export function writeAuthSwitch(builder: PacketBuilder, seed: Buffer): void {
  builder.begin().uint(0xfe, 1).zeroEnded(PLUGIN).raw(seed).uint(0, 1).end()
}

/**
 * Protocol::HandshakeResponse41
 * @throws SqlError 1043 for clients that do not speak the 4.1 protocol.
 */
export function parseHandshakeResponse(payload: Buffer): HandshakeResponse {
  const reader = new FieldReader(payload)
  const flags = reader.uint(4)
  if ((flags & CAPABILITY.protocol41) === 0) throw new SqlError(1043, 'Bad handshake', '08S01')
  reader.bytes(28)
  const user = reader.zeroEnded()
  const token = readToken(reader, flags)
  const database = (flags & CAPABILITY.connectWithDb) !== 0 && reader.left > 0 ? reader.zeroEnded() : ''
  const plugin = (flags & CAPABILITY.pluginAuth) !== 0 && reader.left > 0 ? reader.zeroEnded() : PLUGIN
  return { user, token, database: database === '' ? null : database, plugin }
}

/** COM_CHANGE_USER behind its command byte. */
export function parseChangeUser(payload: Buffer): HandshakeResponse {
  const reader = new FieldReader(payload, 1)
  const user = reader.zeroEnded()
  const token = reader.bytes(reader.uint(1))
  const database = reader.left > 0 ? reader.zeroEnded() : ''
  if (reader.left >= 2) reader.uint(2)
  const plugin = reader.left > 0 ? reader.zeroEnded() : PLUGIN
  return { user, token, database: database === '' ? null : database, plugin }
}

/** True when the client's first answer cannot be checked and it must be asked to switch the plugin. */
export function needsAuthSwitch(response: HandshakeResponse): boolean {
  return response.plugin !== PLUGIN
}

/**
 * mysql_native_password: the token is sha1(password) XOR sha1(seed + sha1(sha1(password))); an empty password has an empty one.
 * @throws SqlError 1045 when user or password are wrong.
 */
export function checkLogin(
  account: { readonly user: string; readonly password: string },
  user: string,
  token: Buffer,
  seed: Buffer,
): void {
  if (user === account.user && isTokenOf(account.password, token, seed)) return
  const used = token.length > 0 ? 'YES' : 'NO'
  throw new SqlError(1045, `Access denied for user '${user}' (using password: ${used})`, '28000')
}

function isTokenOf(password: string, token: Buffer, seed: Buffer): boolean {
  if (password === '') return token.length === 0
  if (token.length !== 20) return false
  const stored = sha1(sha1(Buffer.from(password)))
  const mask = sha1(Buffer.concat([seed, stored]))
  const stage1 = Buffer.from(token.map((byte, at) => byte ^ (mask[at] as number)))
  return timingSafeEqual(sha1(stage1), stored)
}

function readToken(reader: FieldReader, flags: number): Buffer {
  if ((flags & CAPABILITY.pluginAuthLenenc) !== 0) return reader.lengthEncoded()
  if ((flags & CAPABILITY.secureConnection) !== 0) return reader.bytes(reader.uint(1))
  return Buffer.from(reader.zeroEnded())
}

function sha1(bytes: Buffer): Buffer {
  return createHash('sha1').update(bytes).digest()
}
