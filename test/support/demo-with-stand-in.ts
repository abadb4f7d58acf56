// Runs the demo with the stand-in for the sandbox and the engine.
import { fileURLToPath } from 'node:url'
import { runDemo } from '../../lib/demo/demo.js'

process.exitCode = await runDemo(process.argv.slice(2), fileURLToPath(new URL('./stand-in-cli.js', import.meta.url)))
