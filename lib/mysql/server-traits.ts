import type { Zone } from '../model/zone.js'
import type { ServerTraits } from './ddl/statement-effect.js'
import type { ServerFacts } from './server-facts.js'

/** What of a server decides how its DDL is read. `zone`: in which TIMESTAMP values are written. */
export function serverTraits({ version, mariadb, variables, collations }: ServerFacts, zone: Zone): ServerTraits {
  const [major = 0, minor = 0, patch = 0] = (/^\d+\.\d+\.\d+/.exec(version)?.[0] ?? '').split('.').map(Number)
  const isOn = (name: string): boolean => /^(on|1)$/i.test(variables.get(name) ?? '')
  return {
    mariadb,
    version: major * 10_000 + minor * 100 + patch,
    lowerCaseNames: !/^0?$/.test(variables.get('lower_case_table_names') ?? ''),
    explicitTimestamps: isOn('explicit_defaults_for_timestamp'),
    charset: variables.get('character_set_server') ?? 'utf8mb4',
    ...(collations === undefined ? {} : { collations }),
    zone,
  }
}
