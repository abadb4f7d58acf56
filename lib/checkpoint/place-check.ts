import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Finding } from '../model/finding.js'
import { errorCode, errorText } from '../model/system-error.js'

/** Whether a folder (or its nearest parent, when it is still to be made) may be written by this user. Changes nothing. */
export function checkFolder(check: string, folder: string): Finding {
  const remedy = `mkdir -p '${folder}' && chown "$(id -un)" '${folder}'`
  for (let path = folder; ; path = dirname(path)) {
    try {
      if (!statSync(path).isDirectory()) return no(check, `${path} is not a folder`, remedy)
      accessSync(path, constants.W_OK | constants.X_OK)
      return yes(check, path === folder ? `${folder} is writable` : `${folder} will be made`)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || path === dirname(path)) return no(check, errorText(error), remedy)
    }
  }
}

/** Whether a file may be appended to, or made, by this user. Changes nothing. */
export function checkFile(check: string, file: string): Finding {
  const remedy = `Name a file in a folder that exists, or: touch '${file}' && chown "$(id -un)" '${file}'`
  try {
    if (!statSync(file).isFile()) return no(check, `${file} is not a file`, remedy)
    accessSync(file, constants.W_OK)
    return yes(check, `${file} is writable`)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') return no(check, errorText(error), remedy)
  }
  try {
    accessSync(dirname(file), constants.W_OK | constants.X_OK)
    return yes(check, `${file} will be made`)
  } catch (error) {
    return no(check, errorText(error), remedy)
  }
}

function yes(check: string, message: string): Finding {
  return { check, level: 'ok', message, remedy: '' }
}

function no(check: string, message: string, remedy: string): Finding {
  return { check, level: 'error', message, remedy }
}
