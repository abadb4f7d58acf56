import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../model/failure.js'
import { RECIPES, type ServerKind } from './server-recipe.js'

/** A server unpacked in the cache folder. The folder may be moved: nothing inside names its own place. */
export class InstalledServer {
  readonly kind: ServerKind
  readonly folder: string

  constructor(kind: ServerKind, folder: string) {
    this.kind = kind
    this.folder = folder
  }

  /** The unpacked packages. */
  get root(): string {
    return join(this.folder, 'root')
  }

  /** An initialised data folder that is copied for each server. */
  get template(): string {
    return join(this.folder, 'template')
  }

  /** The command that runs a program of the unpacked root with the root's own loader and libraries. */
  command(program: string): string[] {
    const roots = ['lib', 'usr/lib'].flatMap(lib => ARCHITECTURES.map(({ triple }) => join(this.root, lib, triple)))
    const libraries = roots.filter(folder => existsSync(folder))
    const loader = libraries
      .flatMap(folder => ARCHITECTURES.map(architecture => join(folder, architecture.loader)))
      .find(path => existsSync(path))
    if (loader === undefined)
      throw new Failure('sourceUnreachable', `${this.root} holds no ld-linux for a known processor architecture`, {
        advice: `Remove ${this.folder} so that it is made again.`,
      })
    return [loader, '--library-path', libraries.join(':'), join(this.root, program)]
  }

  /** mysqlbinlog or mariadb-binlog, ready to be run with further arguments. */
  get binlogTool(): string[] {
    return this.command(RECIPES[this.kind].binlogTool)
  }

  /** `name=version` of each unpacked package. */
  get packages(): string[] {
    return JSON.parse(readFileSync(join(this.folder, 'packages.json'), 'utf8'))
  }
}

const ARCHITECTURES = [
  { triple: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  { triple: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
]
