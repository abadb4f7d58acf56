const SHOWN = 200

/** Comments; texts in either quote, with what stands before x'…', _utf8mb4'…'; hexadecimal, binary and other numbers. */
const VALUES =
  /\/\*[\s\S]*?(?:\*\/|$)|(?:--\s|#)[^\n]*|(?:\b[xbn]|\b_[a-z0-9]+\s*)?(?:'(?:[^'\\]|''|\\[\s\S]?)*(?:'|$)|"(?:[^"\\]|""|\\[\s\S]?)*(?:"|$))|(?<![\w$`.])(?:0x[0-9a-f]+|0b[01]+|[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?)(?![\w$`])|(?<![\w$`.])\.\d+/gi
/** Names in backticks are looked over, so that nothing in them counts as a value. */
const NAMES = /`(?:[^`]|``)*`/g

/**
 * A statement that changes rows, for messages: on one line, cut short, with "?" for each value. What rows hold stands in no
 * message, since rules may hide it.
 */
export function shownStatement(sql: string): string {
  let shown = ''
  let at = 0
  for (const name of sql.matchAll(NAMES)) {
    // Inside a text it is no name: then the text is hidden with it.
    if (isInText(sql.slice(at, name.index))) continue
    shown += hidden(sql.slice(at, name.index)) + name[0]
    at = name.index + name[0].length
  }
  const line = (shown + hidden(sql.slice(at))).replace(/\s+/g, ' ').trim()
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line
}

function hidden(part: string): string {
  return part.replace(VALUES, found => (/^(\/\*|--|#)/.test(found) ? ' ' : '?'))
}

/** Whether a quote or comment that begins in this part is not ended in it. */
function isInText(part: string): boolean {
  const rest = part.replace(
    /\/\*[\s\S]*?\*\/|(?:--\s|#)[^\n]*\n|'(?:[^'\\]|''|\\[\s\S])*'|"(?:[^"\\]|""|\\[\s\S])*"/g,
    '',
  )
  return /['"#]|\/\*|--\s/.test(rest)
}
