interface Results {
  readonly numPassedTests: number
  readonly numFailedTests: number
  /** Files that could not be run at all count as failures too: none of their tests did. */
  readonly numRuntimeErrorTestSuites: number
}

/** A jest reporter that ends the output with one plain line. */
export default class ClosingLine {
  onRunComplete(_contexts: unknown, results: Results): void {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    // At the exit, because jest adds its own summary behind all reporters.
    process.on('exit', () => process.stderr.write(`${results.numPassedTests} passed, ${failed} failed\n`))
  }
}
