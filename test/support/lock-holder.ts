import { lockDataDir } from '../../lib/checkpoint/data-dir.js'
import { asFailure } from '../../lib/model/failure.js'

// Tries to take the data_dir named by its argument, says how it went, and holds it until its input ends.
try {
  lockDataDir(process.argv[2]!)
  process.stdout.write('held\n')
} catch (error) {
  process.stdout.write(`${asFailure(error).kind}\n`)
}
process.stdin.resume()
