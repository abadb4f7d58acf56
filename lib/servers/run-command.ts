import { spawn } from 'node:child_process'
import { Failure } from '../model/failure.js'

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Text given on standard input; without it standard input is empty. */
  readonly input?: string
}

/** Runs a program to its end and returns its standard output; any other status than 0 is a Failure that shows the end of what it said. */
export function runCommand(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', chunk => stdout.push(chunk))
    child.stderr.on('data', chunk => stderr.push(chunk))
    child.on('error', cause => reject(new Failure('internal', `${program} cannot be run: ${cause.message}`, { cause })))
    child.on('close', (status, signal) => {
      const said = Buffer.concat(stdout).toString('utf8')
      if (status === 0) return resolve(said)
      const tail = `${said}\n${Buffer.concat(stderr).toString('utf8')}`.trim().split('\n').slice(-12).join('\n')
      reject(
        new Failure('internal', `${program} ${args.join(' ')} ended with ${signal ?? `status ${status}`}:\n${tail}`),
      )
    })
    // A program that ends before it has read its input is judged by its status, not by the broken pipe.
    child.stdin.on('error', error => stderr.push(Buffer.from(`standard input: ${error.message}\n`)))
    child.stdin.end(options.input ?? '')
  })
}
