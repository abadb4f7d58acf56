import { describe, expect, test } from '@jest/globals'
import { debianMirrors } from '../../lib/servers/debian-mirrors.js'

const mirrors = (name: string, text: string) => debianMirrors([{ name, text }])

describe('debianMirrors', () => {
  test('reads deb822 stanzas', () => {
    const text = `# a comment
Types: deb
# an earlier address
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`
    expect(mirrors('debian.sources', text)).toEqual(['http://mirror.example/debian'])
  })

  test('reads one line an entry, with options, comments and a slash at the end', () => {
    const text = `# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian/ bookworm main contrib # near
deb-src http://source.example/debian bookworm main
`
    expect(mirrors('/etc/apt/sources.list', text)).toEqual(['http://mirror.example/debian'])
  })

  test('passes over stanzas that are switched off, archives without main and suites of others', () => {
    const text = `Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: https://download.docker.com/linux/debian
Suites: bookworm
Components: stable

Types: deb
URIs: https://apt.postgresql.org/pub/repos/apt
Suites: bookworm-pgdg
Components: main
`
    expect(mirrors('all.sources', text)).toEqual([])
  })

  test("puts Debian's own archive before a vendor's that looks like it", () => {
    const vendor = { name: 'a.list', text: 'deb https://deb.mariadb.org/10.11/debian bookworm main\n' }
    const debian = {
      name: 'sources.list',
      text: 'deb http://10.0.0.9/apt-cache bookworm main\ndeb http://10.0.0.9/apt-cache bookworm-updates main\n',
    }
    const signed = {
      name: 'c.sources',
      text: 'Types: deb\nURIs: http://in-house/d\nSuites: bookworm\nComponents: main\nSigned-By:\n /usr/share/keyrings/debian-archive-keyring.gpg\n',
    }
    expect(debianMirrors([vendor, signed, debian])).toEqual([
      'http://in-house/d',
      'https://deb.mariadb.org/10.11/debian',
      'http://10.0.0.9/apt-cache',
    ])
  })
})
