import { relative } from 'node:path'
import { renderProblems } from '../config/problem.js'
import { FAILURES, Failure } from '../model/failure.js'
import { type Fixture, parseFixture } from '../rule-test/fixture.js'
import { CONFIG_FLAG, type Command, EXIT } from './command.js'
import { readConfig, readText, testFiles } from './read-config.js'
import { renderResults, renderTotals } from './test-rules-text.js'

export const testRules: Command = {
  name: 'test-rules',
  words: '[FILE...]',
  summary: 'Runs the tests of your rules: rows in, rows out, without any server.',
  details:
    'Runs every *.test.toml beside sync.toml and in rules/, or the named ones: what they insert, update, delete and copy goes through the\n' +
    'rules of sync.toml as changes of the source would, and what is in the targets then is compared with what they expect. See\n' +
    'docs/test-rules.md.\n' +
    `Exit codes: 0 all passed; 1 a test failed; ${FAILURES.configInvalid.exitCode} the configuration or a file of tests is wrong, or there is no test.`,
  flags: { ...CONFIG_FLAG },
  async run(values, terminal, files) {
    const { config, baseDir } = readConfig(values)
    const fixtures = (files.length > 0 ? files : testFiles(baseDir)).map(readFixture)
    if (fixtures.every(({ tests }) => tests.length === 0))
      throw new Failure('configInvalid', `there are no tests in ${baseDir} and its rules/`, {
        advice: 'Write one, such as rules/orders.test.toml; docs/test-rules.md shows how.',
      })
    const { hasPassed, runFixture } = await import('../rule-test/run-fixture.js')
    let [passed, failed] = [0, 0]
    for (const fixture of fixtures) {
      const results = await runFixture(config, fixture)
      terminal.out(renderResults(shortened(fixture.file), results))
      passed += results.filter(hasPassed).length
      failed += results.filter(result => !hasPassed(result)).length
    }
    terminal.out(renderTotals(passed, failed))
    return failed === 0 ? EXIT.ok : EXIT.finding
  },
}

function readFixture(file: string): Fixture {
  const source = readText(file)
  if (source === null)
    throw new Failure('configInvalid', `there is no file ${file}`, { advice: 'Name files of tests, or none for all.' })
  const fixture = parseFixture({ ...source, file: shortened(file) })
  if ('tests' in fixture) return fixture
  throw new Failure('configInvalid', renderProblems(fixture), {
    advice: 'Correct these lines; docs/test-rules.md tells what may stand in a file of tests.',
  })
}

function shortened(file: string): string {
  const short = relative(process.cwd(), file)
  return short.startsWith('..') ? file : short
}
