/**
 * Where a character of a TOML string stands in the text that writes it: an offset into `written`, which begins with the
 * string's quotes. `character` counts the UTF-16 units of the value, from 0.
 */
export function placeOfCharacter(written: string, character: number): number {
  const quotes = /^("""|'''|"|')/.exec(written)?.[1]
  if (quotes === undefined) return 0
  let at = quotes.length
  if (quotes.length === 3) at += /^\r?\n/.exec(written.slice(at))?.[0].length ?? 0
  const escapes = quotes.startsWith('"')
  let left = character
  while (at < written.length - quotes.length) {
    const unit = escapes && written[at] === '\\' ? escapeAt(written, at) : { written: 1, value: 1 }
    if (left < unit.value) break
    left -= unit.value
    at += unit.written
  }
  return at
}

/** Lengths of an escape: as it is written, and of what it stands for. */
function escapeAt(written: string, at: number): { readonly written: number; readonly value: number } {
  const code = /^\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))/.exec(written.slice(at, at + 10))
  if (code !== null) {
    return { written: code[0].length, value: Number.parseInt(code[1] ?? code[2]!, 16) > 0xffff ? 2 : 1 }
  }
  const folded = /^\\[ \t]*\r?\n\s*/.exec(written.slice(at))
  return folded === null ? { written: 2, value: 1 } : { written: folded[0].length, value: 0 }
}
