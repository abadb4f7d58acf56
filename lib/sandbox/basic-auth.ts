/** The one account of the sandbox. */
export interface Account {
  readonly user: string
  readonly password: string
}

/**
 * Checks a Basic `Authorization` header. The password may contain `:`; a user name is cut at its `@`, as StarRocks does
 * (BaseAction.parseAuthInfo). `missing` also stands for a header that is not Basic or not decodable.
 */
export function checkBasicAuth(
  header: string | undefined,
  account: Account,
): { readonly verdict: 'ok' | 'missing' | 'denied'; readonly user: string } {
  const encoded = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return { verdict: 'missing', user: '' }
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return { verdict: 'missing', user: '' }
  const user = text.slice(0, colon).replace(/@.*$/, '')
  const ok = user === account.user && text.slice(colon + 1) === account.password
  return { verdict: ok ? 'ok' : 'denied', user }
}
