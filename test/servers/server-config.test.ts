import { describe, expect, test } from '@jest/globals'
import { renderServerConfig, timeZoneVariable } from '../../lib/servers/server-config.js'

const place = (kind: 'mysql' | 'mariadb') => ({ kind, root: '/r', folder: '/f', port: 3311, superuser: false })

describe('renderServerConfig', () => {
  test('extra lines come last, so they win', () => {
    const lines = renderServerConfig(place('mysql'), { extra: ['server-id=77'] })
      .trim()
      .split('\n')
    expect(lines.at(-1)).toBe('server-id=77')
    expect(lines).toContain('server-id=1')
  })

  test('an option that the kind does not have is refused, not passed over', () => {
    expect(() => renderServerConfig(place('mariadb'), { gtid: false })).toThrow(/cannot be switched off/)
    expect(() => renderServerConfig(place('mysql'), { rowMetadata: 'none' })).toThrow(/MariaDB only/)
  })

  test('only the superuser names a user', () => {
    expect(renderServerConfig(place('mysql'), {})).not.toMatch(/^user=/m)
    expect(renderServerConfig({ ...place('mysql'), superuser: true }, {})).toMatch(/^user=root$/m)
  })

  test('an offset is the server variable, a name is the TZ of the process', () => {
    expect(renderServerConfig(place('mysql'), { timeZone: '+08:00' })).toMatch(/^default-time-zone=\+08:00$/m)
    expect(timeZoneVariable({ timeZone: '+08:00' })).toBeUndefined()
    expect(renderServerConfig(place('mysql'), { timeZone: 'Europe/Berlin' })).not.toMatch(/time-zone/)
    expect(timeZoneVariable({ timeZone: 'Europe/Berlin' })).toBe('Europe/Berlin')
  })
})
