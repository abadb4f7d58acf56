import { fstatSync, statSync } from 'node:fs'
import type { Workplace } from '../config/load.js'
import { Log, type LogOutput } from '../observe/log.js'
import { LogFile, stderrOutput } from '../observe/log-file.js'
import type { Read } from './read-config.js'

/** A log into log_file, whose lines go to the error output when the file does not take them. */
export function openFileLog(read: Read<Workplace>, secrets: readonly string[]): Log {
  return openLog(read, secrets, fileOutput(read, stderrOutput()))
}

/** The log of `run`: into log_file, and to the error output (`stderr`) too unless that is the log file itself. */
export function openRunLog(read: Read<Workplace>, secrets: readonly string[], stderr: LogOutput = stderrOutput()): Log {
  if (stderrIsLogFile(read.logFile)) return openLog(read, secrets, fileOutput(read, stderrOutput()))
  // The error output has every line already.
  const file = fileOutput(read, { write: () => undefined })
  return openLog(read, secrets, {
    write(line) {
      stderr.write(line)
      file.write(line)
    },
  })
}

function openLog(read: Read<Workplace>, secrets: readonly string[], output: LogOutput): Log {
  return new Log({ level: read.config.log_level, secrets }, output, Date.now)
}

function fileOutput({ config, logFile }: Read<Workplace>, lost: LogOutput): LogOutput {
  return new LogFile({ path: logFile, maxBytes: config.log_max_bytes, keep: config.log_keep }, stderrOutput(), lost)
}

function stderrIsLogFile(logFile: string): boolean {
  const file = statSync(logFile, { throwIfNoEntry: false })
  const stderr = fstatSync(2)
  return file !== undefined && file.ino === stderr.ino && file.dev === stderr.dev
}
