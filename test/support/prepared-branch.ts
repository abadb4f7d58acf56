import type { ServerAddress } from '../../lib/servers/test-server.js'

/** Decides a prepared XA transaction. Servers give it free some time after the connection that prepared it has gone. */
export async function decidePrepared(server: ServerAddress, step: 'commit' | 'rollback', xid: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await server.sql(`xa ${step} ${xid}`)
      return
    } catch (error) {
      if (tries > 200) throw error
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}
