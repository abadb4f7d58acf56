import { createHmac, createSecretKey } from 'node:crypto'
import type { KeyedHash } from '../../model/mask.js'

const DIGEST_LENGTH = 16

/** HMAC-SHA256 with the salt of the masks. The salt itself can be read out of it by nobody, and printed by nothing. */
export class MaskSalt implements KeyedHash {
  readonly digest: string
  readonly #key: ReturnType<typeof createSecretKey>

  constructor(salt: string) {
    this.#key = createSecretKey(salt, 'utf8')
    this.digest = this.hash('mysql-sr-sync mask_salt').slice(0, DIGEST_LENGTH)
  }

  hash(value: string | Uint8Array): string {
    return createHmac('sha256', this.#key).update(value).digest('hex')
  }
}
