import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { Failure } from '../model/failure.js'

/**
 * Arguments: $1 the folder to remove when the parent dies, $2 the file for the program's own output, then the program.
 * Standard input is a pipe whose other end only the parent holds: its end of file means that the parent is gone, in
 * whatever way, and then the program is killed and its folder removed. The script ends with the program's status.
 */
const GUARD = `
folder=$1; output=$2; shift 2
exec 3<&0
"$@" 3<&- </dev/null >>"$output" 2>&1 &
program=$!
echo "$program"
exec 1>&-
( read -r _ <&3
  trap '' TERM
  kill -9 "$program" 2>/dev/null
  while kill -0 "$program" 2>/dev/null; do sleep 0.05; done
  rm -rf "$folder" ) 2>/dev/null &
guard=$!
exec 3<&-
wait "$program" 2>/dev/null
status=$?
kill "$guard" 2>/dev/null
exit "$status"
`

/**
 * A program that never outlives this process, not even when this process is killed with SIGKILL.
 *
 * It runs in a session of its own, so that Ctrl-C at the terminal reaches only its owner, and it does not keep this
 * process alive: who wants its end waits for it with `ended`.
 */
export class GuardedProcess {
  readonly pid: number
  readonly #guard: ChildProcess
  readonly #exit: Promise<number>
  #status: number | undefined

  private constructor(guard: ChildProcess, exit: Promise<number>, pid: number) {
    this.#guard = guard
    this.#exit = exit
    this.pid = pid
    exit.then(status => {
      this.#status = status
    })
  }

  /** Starts `command`; when this process dies the program is killed and `folder` removed. */
  static async start(
    command: readonly string[],
    options: { folder: string; output: string; env?: Readonly<Record<string, string>> },
  ): Promise<GuardedProcess> {
    const guard = spawn('sh', ['-c', GUARD, 'guard', options.folder, options.output, ...command], {
      cwd: '/',
      detached: true,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const failed = new Promise<never>((_, reject) => {
      guard.on('error', cause => reject(new Failure('internal', `sh cannot be run: ${cause.message}`, { cause })))
    })
    const exit = new Promise<number>(resolve => {
      guard.on('exit', (status, signal) => {
        guard.stdin?.destroy()
        resolve(status ?? (signal === null ? 0 : 128))
      })
    })
    const pid = await Promise.race([failed, firstLine(guard)])
    guard.unref()
    ;(guard.stdin as Socket).unref()
    return new GuardedProcess(guard, exit, Number(pid))
  }

  /** Exit status once the program has ended (128 + signal number when a signal ended it). */
  get status(): number | undefined {
    return this.#status
  }

  /** Resolves with the exit status; keeps this process alive meanwhile. */
  async ended(): Promise<number> {
    this.#guard.ref()
    return this.#exit
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#status !== undefined) return
    try {
      process.kill(this.pid, name)
    } catch (error) {
      // Ended a moment ago: what was asked for is already so.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

function firstLine(guard: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    guard.stdout?.on('data', chunk => {
      said += String(chunk)
      if (said.includes('\n')) resolve(said.trim())
    })
    guard.stdout?.on('end', () => reject(new Failure('internal', 'the guard of a server ended before it said a pid')))
  })
}
