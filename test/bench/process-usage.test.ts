import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from '@jest/globals'
import { parseUsage, usageOf } from '../../bench/process-usage.js'

test('reads the times behind a name with spaces and brackets', () => {
  const stat = '4711 (no de) 3) S 1 2 3 4 5 6 7 8 9 10 150 25 77 88 20 0 1'
  expect(parseUsage(stat, 'Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t 51200 kB\n')).toEqual({
    cpuSeconds: 1.75,
    peakRssMb: 200,
    rssMb: 50,
  })
})

test('sees what a process uses: time of its work, memory it had and gave back', async () => {
  const work = `let big = Buffer.alloc(150e6, 1); big = null; const end = process.cpuUsage().user + 5e5
    while (process.cpuUsage().user < end); console.log('done'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['-e', work], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(child.stdout, 'data')
    const { cpuSeconds, peakRssMb, rssMb } = await usageOf(child.pid!)
    expect(cpuSeconds).toBeGreaterThanOrEqual(0.5)
    expect(peakRssMb).toBeGreaterThan(150)
    expect(peakRssMb).toBeGreaterThanOrEqual(rssMb)
    expect(rssMb).toBeGreaterThan(0)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  await expect(usageOf(child.pid!)).rejects.toThrow('ENOENT')
})
