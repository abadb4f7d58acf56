/** What is written in place of a value; NULL stays NULL with each of them. Characters are Unicode code points. */
export type Mask =
  /** The first and last characters; each one between them is `fill`. A value with none between them is `fill` wholly. */
  | { readonly by: 'keep'; readonly head: number; readonly tail: number; readonly fill: string }
  /** The first letter and the domain. */
  | { readonly by: 'email' }
  /** HMAC-SHA256 of the value with the salt: 64 hex digits. */
  | { readonly by: 'sha256' }
  | { readonly by: 'null' }
  | { readonly by: 'fixed'; readonly text: string }
  /** The first characters. */
  | { readonly by: 'truncate'; readonly length: number }
  /** The first day of the year, of the month. */
  | { readonly by: 'year' }
  | { readonly by: 'month' }
  /** The nearest multiple of `step` towards zero. */
  | { readonly by: 'round'; readonly step: bigint }

/** A hash that nobody can compute who does not know its key. */
export interface KeyedHash {
  /** Tells keys apart, and tells nothing of them. */
  readonly digest: string
  /** 64 hex digits. Texts count by their UTF-8 bytes. */
  hash(value: string | Uint8Array): string
}
