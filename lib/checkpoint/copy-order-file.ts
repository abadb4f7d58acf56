import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CopyOrder } from '../model/copy-order.js'
import { Failure } from '../model/failure.js'
import { errorCode, errorText } from '../model/system-error.js'
import { replaceFile, syncFolder } from './replace-file.js'

const FOLDER = 'snapshot'
const FILE = 'orders.json'

/**
 * `<data_dir>/snapshot/orders.json`: copies that are ordered and begin between two pipelines. An order stays until its table
 * is known to be copied anew and its targets are empty; so what a crash interrupts is done once more from its beginning.
 * One process uses it, the one that holds the data_dir.
 */
export class CopyOrderFile {
  readonly path: string
  readonly #dataDir: string
  #orders: readonly CopyOrder[]

  private constructor(dataDir: string, orders: readonly CopyOrder[]) {
    this.#dataDir = dataDir
    this.path = join(dataDir, FOLDER, FILE)
    this.#orders = orders
  }

  /** Rejects with snapshotUnreadable where the file is not as it was written. */
  static async open(dataDir: string): Promise<CopyOrderFile> {
    return new CopyOrderFile(dataDir, await read(join(dataDir, FOLDER, FILE)))
  }

  get orders(): readonly CopyOrder[] {
    return this.#orders
  }

  /** A later order for a table takes the place of an earlier one. Rejects with positionUnsaved. */
  async add(orders: readonly CopyOrder[]): Promise<void> {
    await this.#write([...without(this.#orders, orders), ...orders])
  }

  /** They are carried out, or void. Rejects with positionUnsaved. */
  async remove(orders: readonly CopyOrder[]): Promise<void> {
    const left = without(this.#orders, orders)
    if (left.length < this.#orders.length) await this.#write(left)
  }

  async #write(orders: readonly CopyOrder[]): Promise<void> {
    try {
      await mkdir(join(this.#dataDir, FOLDER), { recursive: true })
      await syncFolder(this.#dataDir)
      await replaceFile(this.path, `${JSON.stringify(orders, null, 1)}\n`, true)
    } catch (error) {
      throw new Failure('positionUnsaved', `${this.path}: ${errorText(error)}`, {
        cause: error,
        advice: `${this.path} cannot be written. Free space on the disk of data_dir and check its permissions.`,
      })
    }
    this.#orders = orders
  }
}

function without(orders: readonly CopyOrder[], others: readonly CopyOrder[]): CopyOrder[] {
  return orders.filter(({ schema, table }) => !others.some(one => one.schema === schema && one.table === table))
}

async function read(path: string): Promise<CopyOrder[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw unreadable(path, errorText(error), error)
  }
  try {
    const orders: unknown = JSON.parse(text)
    if (Array.isArray(orders) && orders.every(isOrder)) return orders
  } catch (error) {
    throw unreadable(path, errorText(error), error)
  }
  throw unreadable(path, 'an order in it is not as it was written', undefined)
}

function isOrder(value: unknown): value is CopyOrder {
  const { schema, table, where, truncate } = Object(value) as Partial<CopyOrder>
  return (
    typeof schema === 'string' &&
    typeof table === 'string' &&
    (where === null || typeof where === 'string') &&
    typeof truncate === 'boolean'
  )
}

function unreadable(path: string, why: string, cause: unknown): Failure {
  return new Failure('snapshotUnreadable', `${path}: ${why}`, {
    cause,
    advice: 'It holds copies that were ordered and have not begun. Remove it and order them again.',
  })
}
