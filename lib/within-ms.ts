import { Failure } from './model/failure.js'

/** Resolves or rejects as the work does; rejects with targetUnreachable and this message when that takes longer. */
export async function withinMs(work: Promise<void>, ms: number, message: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failure('targetUnreachable', message)), ms)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
