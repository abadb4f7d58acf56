import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../model/failure.js'
import { debianMirrors } from './debian-mirrors.js'
import { runCommand } from './run-command.js'

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** What the machine says about how to reach a mirror (proxies, time-outs, retries) is taken over; what would weaken the check of signatures, or steers which lists are kept, is not. */
const NOT_TAKEN_OVER =
  /^Acquire::(?:AllowInsecure|AllowWeak|AllowDowngrade|Check-|IndexTargets|Languages|CompressionTypes|Changelogs|cdrom|GzipIndexes)/i

/** Packages a server never loads: interpreters and what they need, documentation-only parts, locale converters. */
const NOT_NEEDED =
  /^(?:perl.*|libperl.*|gcc-.*-base|libc-gconv.*|libgdbm.*|libdb5.*|libtirpc-common|openssl-provider.*|libbz2.*|mysql-common|mariadb-common|debconf)$/

export interface PackageSet {
  readonly suite: string
  /** Unpacked with everything they depend on. */
  readonly packages: readonly string[]
  /** Unpacked alone: what they depend on is there already, or not needed. */
  readonly alone: readonly string[]
}

/**
 * Downloads Debian packages with all they depend on and unpacks them into `root`; returns `name=version` of each.
 *
 * An apt of its own (sources, lists, an empty package state, cache, all in `scratch`) works out the closure, fetches and
 * checks signatures and hashes; the system's package state is neither read nor changed, and nothing is installed.
 */
export async function unpackPackages(
  set: PackageSet,
  scratch: string,
  root: string,
  progress: (line: string) => void,
): Promise<string[]> {
  for (const program of ['/usr/bin/apt-get', '/usr/bin/dpkg'])
    if (!existsSync(program)) throw new Failure('sourceUnreachable', `${program} is missing: this is not a Debian`)
  if (!existsSync(KEYRING))
    throw new Failure('sourceUnreachable', `${KEYRING} is missing, so packages cannot be checked`, {
      advice: 'Install the package debian-archive-keyring.',
    })
  const mirrors = debianMirrors(await machineSources())
  if (mirrors.length === 0)
    throw new Failure('sourceUnreachable', "this machine's apt sources name no archive of Debian's main packages", {
      advice: 'Add one to /etc/apt/sources.list.d.',
    })
  const refused: string[] = []
  for (const mirror of mirrors) {
    try {
      const apt = await prepareApt(set.suite, mirror, join(scratch, 'apt'))
      progress(`reading the package lists of ${set.suite} from ${mirror}`)
      await runCommand('apt-get', ['-q', 'update'], apt)
      const names = await closure(set, apt)
      return await fetchAndUnpack(names, scratch, root, apt, progress)
    } catch (error) {
      refused.push(`${mirror}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new Failure('sourceUnreachable', `no Debian mirror gave ${set.packages.join(', ')}:\n${refused.join('\n')}`)
}

interface Apt {
  readonly env: Readonly<Record<string, string>>
}

async function machineSources(): Promise<Array<{ name: string; text: string }>> {
  const folder = '/etc/apt/sources.list.d'
  const names = existsSync(folder)
    ? (await readdir(folder)).filter(name => /\.(?:list|sources)$/.test(name)).sort()
    : []
  const paths = [...names.map(name => join(folder, name)), '/etc/apt/sources.list'].filter(path => existsSync(path))
  return Promise.all(paths.map(async path => ({ name: path, text: await readFile(path, 'utf8') })))
}

/** Writes the configuration of the private apt. Check-Valid-Until is off because mirrors of sid may be days behind; signatures are checked all the same. */
async function prepareApt(suite: string, mirror: string, folder: string): Promise<Apt> {
  await rm(folder, { recursive: true, force: true })
  for (const part of ['etc', 'state/lists/partial', 'cache/archives/partial'])
    await mkdir(join(folder, part), { recursive: true })
  await writeFile(join(folder, 'state/status'), '')
  await writeFile(join(folder, 'etc/sources.list'), `deb [signed-by=${KEYRING}] ${mirror} ${suite} main\n`)
  const machine = (await runCommand('apt-config', ['dump']))
    .split('\n')
    .filter(line => /^Acquire::/.test(line) && !NOT_TAKEN_OVER.test(line))
  const own = {
    'Dir::Etc': join(folder, 'etc'),
    'Dir::Etc::SourceList': join(folder, 'etc/sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::Parts': '/dev/null',
    'Dir::Etc::Main': '/dev/null',
    'Dir::Etc::Preferences': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'Dir::Etc::netrc': '/etc/apt/auth.conf',
    'Dir::Etc::netrcparts': '/etc/apt/auth.conf.d',
    'Dir::State': join(folder, 'state'),
    'Dir::State::Lists': join(folder, 'state/lists'),
    'Dir::State::Status': join(folder, 'state/status'),
    'Dir::Cache': join(folder, 'cache'),
    'Dir::Log': join(folder, 'state'),
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': 'root',
    'APT::Get::AllowUnauthenticated': 'false',
    'Acquire::AllowInsecureRepositories': 'false',
    'Acquire::AllowWeakRepositories': 'false',
    'Acquire::Check-Valid-Until': 'false',
    'Acquire::Languages': 'none',
  }
  const lines = Object.entries(own).map(([key, value]) => `${key} "${value}";`)
  await writeFile(join(folder, 'apt.conf'), `${[...machine, ...lines].join('\n')}\n`)
  return { env: { APT_CONFIG: join(folder, 'apt.conf') } }
}

/** The names apt would install on a machine without any package; each `--print-uris` line is `'uri' file size hash`. */
async function closure(set: PackageSet, apt: Apt): Promise<string[]> {
  const said = await runCommand('apt-get', ['install', '--print-uris', '-qq', '-y', ...set.packages], apt)
  const names = [...said.matchAll(/^'[^']*' (\S+?)_\S* \d+/gm)].map(found => found[1]!)
  for (const name of set.packages)
    if (!names.includes(name)) throw new Failure('sourceUnreachable', `apt found no way to get ${name}:\n${said}`)
  return [...names.filter(name => !NOT_NEEDED.test(name)), ...set.alone]
}

async function fetchAndUnpack(
  names: readonly string[],
  scratch: string,
  root: string,
  apt: Apt,
  progress: (line: string) => void,
): Promise<string[]> {
  const folder = join(scratch, 'debs')
  await rm(folder, { recursive: true, force: true })
  await rm(root, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const uris = await runCommand('apt-get', ['download', '--print-uris', '-qq', ...names], apt)
  const bytes = [...uris.matchAll(/^'[^']*' \S+ (\d+)/gm)].reduce((sum, found) => sum + Number(found[1]), 0)
  progress(`downloading ${names.length} packages (${(bytes / 1e6).toFixed(1)} MB)`)
  await runCommand('apt-get', ['download', '-qq', ...names], { ...apt, cwd: folder })
  const files = (await readdir(folder)).filter(name => name.endsWith('.deb')).sort()
  if (files.length !== names.length)
    throw new Failure('sourceUnreachable', `apt downloaded ${files.length} of ${names.length} packages`)
  progress('unpacking')
  for (const file of files) {
    await runCommand('dpkg', ['-x', join(folder, file), root])
    await rm(join(folder, file))
  }
  for (const part of ['doc', 'man', 'info', 'lintian', 'bug', 'locale'])
    await rm(join(root, 'usr/share', part), { recursive: true, force: true })
  return files.map(file => decodeURIComponent(file).split('_').slice(0, 2).join('='))
}
