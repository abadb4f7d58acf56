import { fstatSync, statSync } from 'node:fs'
import type { Workplace } from '../config/load.js'
import { Log, type LogOutput } from '../observe/log.js'
import { LogFile, stderrOutput } from '../observe/log-file.js'
import type { Read } from './read-config.js'

/** A log into log_file, whose lines go to the error output when the file does not take them. */
export function openFileLog(read: Read<Workplace>, secrets: readonly string[]): Log {
  return openLog(read, secrets, fileOutput(read))
}

/** The log of `run`: to the terminal when there is one, else into log_file. */
export function openRunLog(read: Read<Workplace>, secrets: readonly string[]): Log {
  return openLog(read, secrets, process.stderr.isTTY ? stderrOutput() : fileOutput(read))
}

function openLog(read: Read<Workplace>, secrets: readonly string[], output: LogOutput): Log {
  return new Log({ level: read.config.log_level, secrets }, output, Date.now)
}

function fileOutput({ config, logFile }: Read<Workplace>): LogOutput {
  return new LogFile({ path: logFile, maxBytes: config.log_max_bytes, keep: config.log_keep }, stderrOutput())
}

/** True when the error output shows what the log says anyway: it is a terminal, or redirected into the log file. */
export function stderrShowsLog(logFile: string): boolean {
  if (process.stderr.isTTY) return true
  const file = statSync(logFile, { throwIfNoEntry: false })
  const stderr = fstatSync(2)
  return file !== undefined && file.ino === stderr.ino && file.dev === stderr.dev
}
