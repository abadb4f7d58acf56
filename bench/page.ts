/** The part of docs/performance.md that is made from a report. */

const BEGIN = /<!-- figures of (\S+) -->\n/
const END = '<!-- end of figures -->'

/** The page with these figures in place of those before. Throws when the page has no place for figures. */
export function putFigures(page: string, file: string, figures: string): string {
  const found = BEGIN.exec(page)
  const end = page.indexOf(END)
  if (found === null || end < found.index)
    throw new RangeError(`the page has no "${BEGIN.source}" with "${END}" behind it`)
  return `${page.slice(0, found.index)}<!-- figures of ${file} -->\n\n${figures}\n${page.slice(end)}`
}

/** The report whose figures the page shows. */
export function fileOfFigures(page: string): string {
  const found = BEGIN.exec(page)
  if (found === null) throw new RangeError('the page names no report')
  return found[1]!
}
