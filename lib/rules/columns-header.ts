/** A field as the encoder writes it; null stands for a source column that is left out. */
type Field = { readonly name: string; readonly toBinary: boolean } | null

/**
 * The Stream Load `columns` header for a body whose fields stand in this order. CSV carries `__op` as its last field; JSON
 * rows carry it as a key, which StarRocks takes up by itself when the header does not mention it. StarRocks decodes base64
 * by itself in CSV only, so JSON names a temporary field and derives the column from it.
 */
export function renderColumnsHeader(
  fields: readonly Field[],
  constants: readonly { readonly name: string }[],
  format: 'csv' | 'json',
  op: boolean,
): string {
  const names: string[] = []
  const derived: string[] = []
  fields.forEach((field, i) => {
    if (field === null) return
    if (format === 'json' && field.toBinary) {
      names.push(quote(base64Name(i)))
      derived.push(`${quote(field.name)}=to_binary(${quote(base64Name(i))},'encode64')`)
    } else names.push(quote(field.name))
  })
  names.push(...constants.map(c => quote(c.name)))
  if (op && format === 'csv') names.push('__op')
  return [...names, ...derived].join(',')
}

/** JSON key of the temporary field that carries source column `index` in base64. */
export function base64Name(index: number): string {
  return `__base64_${index}`
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
