import ZongJi from '@vlasky/zongji'

/**
 * The process that reads a binlog with zongji alone: `node dist/bench/zongji-reader.js PORT FILE ROWS`. It decodes every event
 * and does nothing with it but count the rows, to know when it has seen them all. Prints one JSON line.
 */

const [port, filename, wanted] = process.argv.slice(2)
const expected = Number(wanted)
let rows = 0
const options = { host: '127.0.0.1', port: Number(port), user: 'root', dateStrings: true, supportBigNumbers: true }
const zongji = new ZongJi(options as object)

zongji.on('error', error => {
  process.stderr.write(`${error.stack}\n`)
  process.exit(1)
})
zongji.on('binlog', event => {
  if (!('rows' in event)) return
  rows += (event.rows as unknown[]).length
  if (rows < expected) return
  const { user, system } = process.cpuUsage()
  const result = {
    rows,
    cpuSeconds: (user + system) / 1e6,
    seconds: performance.now() / 1000,
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
})
zongji.start({ filename: filename!, position: 4, serverId: 1_500_000 + (process.pid % 100_000) })
