import type { PackageSet } from './private-apt.js'

export type ServerKind = 'mysql' | 'mariadb'

/** All that differs between the two kinds of server before one runs. */
export interface ServerRecipe {
  readonly kind: ServerKind
  /** Name for people. */
  readonly title: string
  /** Part of the cache folder's name: raised whenever what is cached would come out differently. */
  readonly revision: number
  readonly packages: PackageSet
  /** Programs inside the unpacked root. */
  readonly server: string
  readonly binlogTool: string
  readonly client: string | undefined
}

export const RECIPES: Readonly<Record<ServerKind, ServerRecipe>> = {
  mysql: {
    kind: 'mysql',
    title: 'MySQL 9.7',
    revision: 1,
    packages: { suite: 'sid', packages: ['mysql-server-core'], alone: [] },
    server: 'usr/sbin/mysqld',
    binlogTool: 'usr/bin/mysqlbinlog',
    client: undefined,
  },
  mariadb: {
    kind: 'mariadb',
    title: 'MariaDB 10.11',
    revision: 1,
    packages: {
      suite: 'bookworm',
      packages: ['mariadb-server-core', 'mariadb-client-core', 'openssl'],
      // Of mariadb-client only mariadb-binlog is wanted; its libraries come with the other two.
      alone: ['mariadb-client'],
    },
    server: 'usr/sbin/mariadbd',
    binlogTool: 'usr/bin/mariadb-binlog',
    client: 'usr/bin/mariadb',
  },
}
