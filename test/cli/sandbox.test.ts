import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { AUTHORIZATION, send } from '../sandbox/stream-load-client.js'

const BIN = fileURLToPath(new URL('../../../bin/mysql-sr-sync', import.meta.url))

test('faults and the memory for labels come from the command line', async () => {
  const ports = ['--fe-port', '0', '--be-port', '0', '--mysql-port', '0']
  const faults = ['--fault', 'answerLost=3', '--fault', 'redirectTo=127.0.0.1:1', '--fault', 'stateUnknown']
  const args = ['sandbox', '--json', '--password', 'p:w@d', '--label-keep', '5', ...ports, ...faults]
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))
      child.once('exit', () => reject(new Error('the sandbox did not start')))
    })
    const { fe_port } = JSON.parse(line) as { fe_port: number }
    const top = `http://127.0.0.1:${fe_port}`
    expect(JSON.parse((await send('GET', `${top}/sandbox/faults`)).text)).toEqual({
      answerLost: 3,
      redirectTo: null,
      stateUnknown: null,
    })
    const headers = { authorization: AUTHORIZATION, expect: '100-continue', 'content-length': 1 }
    const { status, headers: answered } = await send('PUT', `${top}/api/d/t/_stream_load`, headers, Buffer.from('1'))
    expect([status, answered.location]).toEqual([307, 'http://127.0.0.1:1/api/d/t/_stream_load'])
    expect(JSON.parse((await send('GET', `${top}/sandbox/struck`)).text)).toEqual({ redirectTo: 1 })
  } finally {
    child.kill('SIGTERM')
  }
  expect(await new Promise(resolve => child.once('exit', resolve))).toBe(0)
})
