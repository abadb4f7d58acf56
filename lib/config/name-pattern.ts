/**
 * The test for names that a `schema`, `tables` or `table` entry stands for: an exact name, or a regular expression in
 * slashes ("/^edu_db_[0-9]+$/", matched anywhere in the name unless it says ^ and $). The regular expression's groups are
 * what `sr_table = "$1"` refers to. Throws SyntaxError for text that `namePatternProblem` objects to.
 */
export function compileNamePattern(value: string): RegExp {
  const source = regexSource(value)
  return source === null
    ? new RegExp(`^${value.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}$`, 'u')
    : new RegExp(source, 'u')
}

/** True when the text is written as a regular expression in slashes. */
export function isRegexPattern(value: string): boolean {
  return regexSource(value) !== null
}

/** What is wrong with an exact name or "/regex/", or null. */
export function namePatternProblem(value: string): string | null {
  if (value.startsWith('/') && !(value.endsWith('/') && value.length > 2)) {
    return 'must end with a slash when it begins with one: "/regex/"'
  }
  try {
    compileNamePattern(value)
    return null
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return `is not a valid regular expression (${error.message.slice(error.message.lastIndexOf(': ') + 2)})`
  }
}

function regexSource(value: string): string | null {
  return value.length > 2 && value.startsWith('/') && value.endsWith('/') ? value.slice(1, -1) : null
}
