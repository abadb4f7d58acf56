import { describe, expect, test } from '@jest/globals'
import { readOptions } from '../../bench/bench-options.js'

test('all is measured on both servers unless less is asked for', () =>
  expect(readOptions([])).toEqual({
    table: null,
    into: null,
    quick: false,
    json: false,
    scale: 1,
    rounds: 3,
    servers: ['mysql', 'mariadb'],
    only: '',
    duckdb: true,
    profile: true,
    freshness: true,
    soak: null,
    out: null,
  }))

test('a quick run takes what fits into three minutes', () =>
  expect(readOptions(['--quick', '--json'])).toMatchObject({
    quick: true,
    json: true,
    scale: 0.15,
    servers: ['mysql'],
    duckdb: false,
    profile: false,
    freshness: false,
  }))

test('what is said wins', () =>
  expect(readOptions(['--quick', '--scale', '0.5', '--rounds', '5', '--server', 'mariadb'])).toMatchObject({
    scale: 0.5,
    rounds: 5,
    servers: ['mariadb'],
  }))

test('a soak is run alone, on one server', () => {
  expect(readOptions(['--soak', '20'])).toMatchObject({ soak: { minutes: 20, rate: 5000 }, servers: ['mysql'] })
  expect(readOptions(['--soak', '0.5', '--soak-rate', '300', '--server', 'mariadb'])).toMatchObject({
    soak: { minutes: 0.5, rate: 300 },
    servers: ['mariadb'],
  })
})

describe('refused', () => {
  test.each([
    [['--server', 'oracle'], '--server must be'],
    [['--scale', '0'], '--scale must be'],
    [['--rounds', 'many'], '--rounds must be'],
    [['--soak', '0'], '--soak must be'],
    [['--soak', '5', '--quick'], 'goes with neither --quick nor --json'],
    [['--soak-rate', '5'], '--soak-rate needs --soak'],
    [['--fast'], "Unknown option '--fast'"],
  ])('%j', (args, message) => expect(() => readOptions(args)).toThrow(message))
})
