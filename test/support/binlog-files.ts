import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BinlogDecoder } from '../../lib/binlog/decoder.js'
import type { BinlogEvent } from '../../lib/binlog/event.js'
import type { TestServer } from '../../lib/servers/test-server.js'

/** Names of the server's binlog files, oldest first. */
export async function binlogNames(server: TestServer): Promise<string[]> {
  return (await server.sql('show binary logs')).map(row => String(row.Log_name))
}

/** Hands every event of the files to `take`, those of compressed transactions too, with one decoder in order. */
export async function readBinlogs(
  server: TestServer,
  names: readonly string[],
  take: (event: BinlogEvent) => void,
  wanted: (schema: string, table: string) => boolean = () => true,
): Promise<void> {
  const decoder = new BinlogDecoder({ flavor: server.kind, wanted, verifyChecksum: true })
  for (const name of names) {
    const file = await readFile(join(server.dataDir, name))
    for (let at = 4; at < file.length; ) {
      const size = file.readUInt32LE(at + 9)
      const event = decoder.decode(file, at, at + size)
      if (event.kind === 'payload') {
        for (let inner = 0; inner < event.buffer.length; ) {
          const found = decoder.decodeInner(event.buffer, inner)
          inner += found.size
          take(found)
        }
      } else take(event)
      at += size
    }
  }
}
