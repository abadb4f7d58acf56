import { makeTable, openSandbox } from './stream-load-client.js'

/** A sandbox over the folder given as argument, to be killed: prints its ports when it is ready. */
const sandbox = await openSandbox({ dataDir: process.argv[2]! })
for (const table of ['t', 'u']) {
  if (sandbox.store.catalog.table('d', table) !== undefined) continue
  await makeTable(sandbox, `${table} (id int NOT NULL, n int) PRIMARY KEY (id) DISTRIBUTED BY HASH(id)`)
}
const { feHttpPort, beHttpPort } = sandbox
process.stdout.write(`${JSON.stringify({ feHttpPort, beHttpPort })}\n`)
