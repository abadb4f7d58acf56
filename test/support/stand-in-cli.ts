// The commands that the demo uses, played by MySQL's own replication: `sandbox` is a second MySQL, `run` makes it a
// replica of the source, `wait` waits for the source's GTIDs. SPOIL holds a statement that spoils the target at the end,
// BREAK makes `run` end at once.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { startServer } from '../../lib/servers/test-server.js'

const [command, ...args] = process.argv.slice(2)
const option = (name: string) => args[args.indexOf(name) + 1]!
const connect = (port: number) => createConnection({ host: '127.0.0.1', port, user: 'root' })

async function config(): Promise<{ source: number; target: number; dataDir: string; user: string; password: string }> {
  const text = await readFile(option('-c'), 'utf8')
  const value = (key: string) => new RegExp(`^${key} = "?(?:127\\.0\\.0\\.1:)?([^"\\n]*)"?$`, 'm').exec(text)![1]!
  return {
    source: Number(value('mysql_addr')),
    target: Number(value('sr_port')),
    dataDir: value('data_dir'),
    user: value('mysql_user'),
    password: value('mysql_pass'),
  }
}

switch (command) {
  case 'sandbox': {
    // The demo makes the database itself, and then it comes by replication once more: error 1007, passed over.
    const server = await startServer('mysql', {
      serverId: 2,
      folder: option('--data'),
      extra: ['replica-skip-errors=1007'],
    })
    process.stdout.write(`${JSON.stringify({ ready: true, fe_port: 1, be_port: 2, mysql_port: server.port })}\n`)
    setInterval(() => {}, 60_000)
    break
  }
  case 'run': {
    if (process.env.BREAK) throw new Error('broken on purpose')
    const { source, target, dataDir, user, password } = await config()
    const connection = await connect(target)
    await connection.query(
      `change replication source to source_host = '127.0.0.1', source_port = ?, source_user = ?, source_password = ?,
        source_auto_position = 1, get_source_public_key = 1`,
      [source, user, password],
    )
    await connection.query('start replica')
    await writeFile(join(dataDir, 'status.json'), JSON.stringify({ state: 'streaming', lag_ms: 3 }))
    setInterval(() => {}, 60_000)
    break
  }
  case 'wait': {
    const { source, target } = await config()
    const [from, to] = [await connect(source), await connect(target)]
    const [rows] = await from.query('select @@gtid_executed as gtids')
    await to.query('select wait_for_executed_gtid_set(?, 60)', [(rows as Array<{ gtids: string }>)[0]!.gtids])
    if (process.env.SPOIL) await to.query(process.env.SPOIL)
    from.destroy()
    to.destroy()
    break
  }
  default:
    throw new Error(`no such command: ${command}`)
}
