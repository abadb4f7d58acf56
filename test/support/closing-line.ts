interface Results {
  readonly numPassedTests: number
  readonly numFailedTests: number
  /** Files that could not be run at all count as failures too: none of their tests did. */
  readonly numRuntimeErrorTestSuites: number
}

/** A jest reporter that ends the output with one plain line. */
export default class ClosingLine {
  onRunComplete(_contexts: unknown, results: Results): void {
    process.stderr.write(
      `\n${results.numPassedTests} passed, ${results.numFailedTests + results.numRuntimeErrorTestSuites} failed\n`,
    )
  }
}
