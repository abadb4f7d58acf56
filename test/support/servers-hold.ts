// A process of its own that starts one server of each kind and waits to be killed.
import { startServer } from '../../lib/servers/test-server.js'

const servers = await Promise.all([startServer('mysql'), startServer('mariadb')])
process.stdout.write(`${JSON.stringify(servers.map(({ pid, folder }) => ({ pid, folder })))}\n`)
setInterval(() => {}, 60_000)
