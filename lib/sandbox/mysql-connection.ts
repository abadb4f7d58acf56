import type { Socket } from 'node:net'
import { asSqlError } from './engine-error.js'
import { splitStatements } from './lexer.js'
import {
  checkLogin,
  createSeed,
  type HandshakeResponse,
  needsAuthSwitch,
  parseChangeUser,
  parseHandshakeResponse,
  writeAuthSwitch,
  writeHandshake,
} from './mysql-handshake.js'
import { FieldReader, type Packet, PacketBuilder, PacketFramer } from './mysql-packet.js'
import {
  STATUS_AUTOCOMMIT,
  STATUS_MORE_RESULTS,
  writeBinaryRow,
  writeColumn,
  writeEof,
  writeError,
  writeOk,
  writeTextRow,
} from './mysql-result.js'
import { PreparedStatement } from './mysql-statement.js'
import { asReleaseNumbers, mysqlVersion } from './release-limits.js'
import type { ResultColumn, StatementResult } from './result-set.js'
import { SqlError } from './sql-error.js'
import type { SqlSession } from './sql-session.js'
import { has } from './version.js'

export interface Account {
  readonly user: string
  readonly password: string
}

/** Bytes built up before they go to the socket, which is then given time to drain. */
const WRITE_BYTES = 256 * 1024

const COMMAND = {
  quit: 0x01,
  initDb: 0x02,
  query: 0x03,
  fieldList: 0x04,
  statistics: 0x09,
  ping: 0x0e,
  changeUser: 0x11,
  stmtPrepare: 0x16,
  stmtExecute: 0x17,
  stmtSendLongData: 0x18,
  stmtClose: 0x19,
  stmtReset: 0x1a,
  setOption: 0x1b,
  resetConnection: 0x1f,
} as const

/**
 * One client of the MySQL protocol. Packets are handled strictly one after the other, also when the client sends several
 * commands at once; while one runs, nothing more is read from the socket.
 */
export class MysqlConnection {
  readonly id: number
  readonly #socket: Socket
  readonly #account: Account
  readonly #version: string
  readonly #session: SqlSession
  readonly #seed = createSeed()
  readonly #out = new PacketBuilder()
  readonly #statements = new Map<number, PreparedStatement>()
  #nextStatementId = 1
  #packets: AsyncGenerator<Packet> | undefined

  constructor(
    id: number,
    socket: Socket,
    account: Account & { readonly emulatedVersion: string },
    session: SqlSession,
  ) {
    this.id = id
    this.#socket = socket
    this.#account = account
    this.#version = account.emulatedVersion
    this.#session = session
  }

  /** Serves the client until it leaves; resolves then. */
  async serve(): Promise<void> {
    const packets = readPackets(this.#socket)
    this.#packets = packets
    try {
      if (!(await this.#login())) return
      for await (const packet of packets) {
        if (packet.payload[0] === COMMAND.quit) return
        this.#out.answer(packet.sequence)
        await this.#command(packet.payload)
        await this.#flush()
      }
    } finally {
      // A last error packet still has to leave.
      this.#socket.destroySoon()
      await this.#session.close()
    }
  }

  /** Ends the connection from outside (KILL, listener closed). */
  async kill(): Promise<void> {
    this.#socket.destroy()
    await this.#session.interrupt()
  }

  async #login(): Promise<boolean> {
    this.#out.answer(-1)
    writeHandshake(this.#out, this.id, this.#seed, mysqlVersion(this.#version))
    await this.#flush()
    const packet = await this.#nextPacket()
    if (packet === undefined) return false
    this.#out.answer(packet.sequence)
    try {
      await this.#authenticate(parseHandshakeResponse(packet.payload))
      writeOk(this.#out, 0, STATUS_AUTOCOMMIT)
      return true
    } catch (error) {
      this.#refuse(error)
      return false
    } finally {
      await this.#flush()
    }
  }

  async #authenticate(response: HandshakeResponse): Promise<void> {
    let { token } = response
    if (needsAuthSwitch(response)) {
      writeAuthSwitch(this.#out, this.#seed)
      await this.#flush()
      const packet = await this.#nextPacket()
      if (packet === undefined) throw new SqlError(1043, 'Bad handshake', '08S01')
      this.#out.answer(packet.sequence)
      token = packet.payload
    }
    checkLogin(this.#account, response.user, token, this.#seed)
    if (response.database !== null) this.#session.use(response.database)
  }

  async #command(payload: Buffer): Promise<void> {
    const command = payload[0]
    try {
      switch (command) {
        case COMMAND.query:
          return await this.#query(payload.toString('utf8', 1))
        case COMMAND.initDb:
          this.#session.use(payload.toString('utf8', 1))
          return writeOk(this.#out, 0, STATUS_AUTOCOMMIT)
        case COMMAND.ping:
          return writeOk(this.#out, 0, STATUS_AUTOCOMMIT)
        case COMMAND.resetConnection:
          this.#reset()
          return writeOk(this.#out, 0, STATUS_AUTOCOMMIT)
        case COMMAND.changeUser:
          return await this.#changeUser(payload)
        case COMMAND.fieldList:
          return await this.#fieldList(new FieldReader(payload, 1).zeroEnded())
        case COMMAND.statistics:
          this.#out
            .begin()
            .text(`Uptime: ${Math.floor(process.uptime())}`)
            .end()
          return
        case COMMAND.setOption:
          return writeEof(this.#out, STATUS_AUTOCOMMIT)
        case COMMAND.stmtPrepare:
          return await this.#prepare(payload.toString('utf8', 1))
        case COMMAND.stmtExecute:
          return await this.#execute(payload)
        case COMMAND.stmtSendLongData: {
          const reader = new FieldReader(payload, 1)
          const statement = this.#statements.get(reader.uint(4))
          statement?.addLongData(reader.uint(2), reader.rest())
          return
        }
        case COMMAND.stmtClose:
          this.#statements.delete(payload.readUInt32LE(1))
          return
        case COMMAND.stmtReset:
          this.#statement(payload).resetLongData()
          return writeOk(this.#out, 0, STATUS_AUTOCOMMIT)
        default:
          throw new SqlError(1047, `Unknown command ${command}`, '08S01')
      }
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** Runs the statements of a text in order; the first error ends it. */
  async #query(source: string): Promise<void> {
    const statements = splitStatements(source)
    if (statements.length === 0) throw new SqlError(1065, 'Query was empty', '42000')
    for (const [at, statement] of statements.entries()) {
      const more = at < statements.length - 1 ? STATUS_MORE_RESULTS : 0
      const status = STATUS_AUTOCOMMIT | more
      const result = await this.#session.execute(statement)
      if (result.kind === 'ok') writeOk(this.#out, result.affectedRows, status)
      else await this.#rows(result, status, (_, row) => writeTextRow(this.#out, row))
    }
  }

  async #rows(
    result: Extract<StatementResult, { kind: 'rows' }>,
    status: number,
    writeRow: (columns: readonly ResultColumn[], row: Parameters<typeof writeTextRow>[1]) => void,
  ): Promise<void> {
    this.#out.begin().lengthInteger(result.columns.length).end()
    for (const column of result.columns) writeColumn(this.#out, column)
    writeEof(this.#out, status)
    for await (const rows of result.rows)
      for (const row of rows) {
        writeRow(result.columns, row)
        if (this.#out.bytes >= WRITE_BYTES) await this.#flush()
      }
    writeEof(this.#out, status)
  }

  async #changeUser(payload: Buffer): Promise<void> {
    const response = parseChangeUser(payload)
    this.#reset()
    try {
      await this.#authenticate(response)
      writeOk(this.#out, 0, STATUS_AUTOCOMMIT)
    } catch (error) {
      this.#refuse(error)
      await this.#flush()
      this.#socket.end()
    }
  }

  async #fieldList(table: string): Promise<void> {
    const columns = await this.#session.describe(`SELECT * FROM \`${table.replaceAll('`', '``')}\``)
    for (const column of columns) writeColumn(this.#out, column, true)
    writeEof(this.#out, STATUS_AUTOCOMMIT)
  }

  #refuse(error: unknown): void {
    writeError(this.#out, asReleaseNumbers(asSqlError(error), this.#version))
  }

  async #prepare(source: string): Promise<void> {
    if (!has(this.#version, 'preparedStatements')) {
      throw new SqlError(1047, `Unknown command ${COMMAND.stmtPrepare}`, '08S01')
    }
    const statement = new PreparedStatement(source)
    const columns = await this.#describe(statement)
    const id = this.#nextStatementId++
    this.#statements.set(id, statement)
    const { parameterCount } = statement
    this.#out.begin().uint(0, 1).uint(id, 4).uint(columns.length, 2).uint(parameterCount, 2).uint(0, 1).uint(0, 2).end()
    for (let at = 0; at < parameterCount; at++) writeColumn(this.#out, parameterColumn)
    if (parameterCount > 0) writeEof(this.#out, STATUS_AUTOCOMMIT)
    for (const column of columns) writeColumn(this.#out, column)
    if (columns.length > 0) writeEof(this.#out, STATUS_AUTOCOMMIT)
  }

  /** Columns of a statement whose parameters are not known yet: as if they were NULL, or 1 where NULL cannot stand. */
  async #describe(statement: PreparedStatement): Promise<readonly ResultColumn[]> {
    try {
      return await this.#session.describe(statement.describeWith('NULL'))
    } catch (error) {
      if (statement.parameterCount === 0) throw error
      return await this.#session.describe(statement.describeWith('1'))
    }
  }

  async #execute(payload: Buffer): Promise<void> {
    const result = await this.#session.execute(this.#statement(payload).bind(payload))
    if (result.kind === 'ok') writeOk(this.#out, result.affectedRows, STATUS_AUTOCOMMIT)
    else await this.#rows(result, STATUS_AUTOCOMMIT, (columns, row) => writeBinaryRow(this.#out, columns, row))
  }

  #statement(payload: Buffer): PreparedStatement {
    const id = payload.readUInt32LE(1)
    const statement = this.#statements.get(id)
    if (statement === undefined) throw new SqlError(1243, `Unknown prepared statement handler (${id})`)
    return statement
  }

  #reset(): void {
    this.#session.reset()
    this.#statements.clear()
  }

  async #nextPacket(): Promise<Packet | undefined> {
    const next = await this.#packets?.next()
    return next?.done === false ? next.value : undefined
  }

  async #flush(): Promise<void> {
    if (this.#out.bytes === 0) return
    if (this.#socket.destroyed) throw new Error('the client has gone')
    if (this.#socket.write(this.#out.take())) return
    await new Promise<void>(resolve => {
      const done = () => {
        this.#socket.off('drain', done)
        this.#socket.off('close', done)
        resolve()
      }
      this.#socket.on('drain', done)
      this.#socket.on('close', done)
    })
  }
}

const parameterColumn: ResultColumn = {
  name: '?',
  mysqlType: 253,
  charset: 45,
  displayLength: 0,
  decimals: 0,
  binary: false,
}

async function* readPackets(socket: Socket): AsyncGenerator<Packet> {
  const framer = new PacketFramer()
  for await (const chunk of socket) yield* framer.push(chunk as Buffer)
}
