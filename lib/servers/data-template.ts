import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../model/failure.js'
import type { InstalledServer } from './installed-server.js'
import { runCommand } from './run-command.js'
import { PLACES, renderServerConfig } from './server-config.js'
import { ServerInstance } from './server-instance.js'
import { RECIPES } from './server-recipe.js'

/** Root without a password over TCP as well, and none of the accounts that a new MariaDB lets anybody in by. */
const FIRST_ACCOUNTS = `create user if not exists 'root'@'127.0.0.1' identified by '';
grant all on *.* to 'root'@'127.0.0.1' with grant option;
drop user if exists ''@'localhost';
`

/** Makes the data folder that every server starts from: initialised, with accounts and certificates, cleanly shut down. */
export async function makeTemplate(server: InstalledServer): Promise<void> {
  const work = join(server.folder, 'work')
  const data = join(work, PLACES.data)
  await mkdir(data, { recursive: true, mode: 0o750 })
  await mkdir(join(work, PLACES.tmp))
  const options = { logBin: false, tls: server.kind === 'mysql' }
  const place = { kind: server.kind, root: server.root, folder: work, port: 0, superuser: process.getuid?.() === 0 }
  const config = join(work, PLACES.config)
  await writeFile(config, renderServerConfig(place, options))
  const program = server.command(RECIPES[server.kind].server)
  const run = (args: string[], input?: string) =>
    runCommand(program[0]!, [...program.slice(1), `--defaults-file=${config}`, ...args], {
      cwd: work,
      ...(input === undefined ? {} : { input }),
    }).catch(async cause => {
      // The log only adds to the failure, which is thrown either way.
      const log = await readFile(join(work, PLACES.log), 'utf8').catch(() => 'it wrote no log')
      throw new Failure('internal', `${cause.message}\n${log.trim().split('\n').slice(-15).join('\n')}`, { cause })
    })
  if (server.kind === 'mysql') await run(['--initialize-insecure'])
  else await run(['--bootstrap', '--skip-log-bin', '--skip-grant-tables'], await systemTables(server.root))
  const init = join(work, 'init.sql')
  await writeFile(init, FIRST_ACCOUNTS)
  const instance = new ServerInstance(server, work, options)
  await instance.start([`--init-file=${init}`])
  await instance.stop()
  // Each copy makes its own server_uuid.
  await rm(join(data, 'auto.cnf'), { force: true })
  if (server.kind === 'mariadb') await makeCertificates(server, data)
  await cp(data, server.template, { recursive: true })
  await rm(work, { recursive: true, force: true })
}

/** The statements that mariadb-install-db feeds to a bootstrapping server, each of the first on a line of its own. */
async function systemTables(root: string): Promise<string> {
  const folder = join(root, 'usr/share/mysql')
  const names = await readdir(folder)
  const parts = ['system_tables', 'performance_tables', 'system_tables_data'].map(part => {
    const name = names.find(name => name === `mysql_${part}.sql` || name === `mariadb_${part}.sql`)
    if (name === undefined) throw new Failure('internal', `${folder} has no SQL file for ${part}`)
    return readFile(join(folder, name), 'utf8')
  })
  const head = ['create database if not exists mysql;', 'use mysql;', 'set @auth_root_socket=null;']
  return [
    ...head,
    "set @current_hostname='localhost';",
    'set @skip_auth_anonymous=1;',
    ...(await Promise.all(parts)),
  ].join('\n')
}

/** A certificate that is its own authority, named as MySQL names those it makes, good for ten years. */
async function makeCertificates(server: InstalledServer, data: string): Promise<void> {
  const openssl = server.command('usr/bin/openssl')
  const [key, certificate] = [join(data, 'server-key.pem'), join(data, 'server-cert.pem')]
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', '/CN=127.0.0.1']
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-keyout', key, '-out', certificate]
  await runCommand(openssl[0]!, [...openssl.slice(1), ...request, ...names], {
    env: { OPENSSL_CONF: join(server.root, 'etc/ssl/openssl.cnf') },
  })
  await cp(certificate, join(data, 'ca.pem'))
}
