import { type Sandbox, type SandboxOptions, startSandbox } from '../../lib/sandbox/sandbox.js'

/** A stand-in for StarRocks on free ports that keeps nothing, with user root and no password but for the given options. */
export function memorySandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const ports = { feHttpPort: 0, beHttpPort: 0, mysqlPort: 0 }
  return startSandbox({ ...ports, dataDir: null, user: 'root', password: '', ...options })
}
