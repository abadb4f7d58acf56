import { describe, expect, test } from '@jest/globals'
import { MASKS, parseMask } from '../../lib/config/mask.js'
import { redactConfig, secretsOf } from '../../lib/config/redact.js'
import { env, load, MINIMAL, problems } from '../support/config-text.js'

const SALT = 'mask_salt = "0123456789abcdef"\n'
const RULE = '[[rule]]\nschema = "shop"\ntable = "orders"\n'
const first = (text: string) => problems(text).map(problem => problem.split('\n')[0])
const ofMask = (mask: string) => first(`${SALT}${MINIMAL}${RULE}mask = { phone = '''${mask}''' }\n`)

describe('a mask', () => {
  test.each([
    ['keep(3,4)', { by: 'keep', head: 3, tail: 4, fill: '*' }],
    ["  Keep( 0 , 4 , 'x' ) ", { by: 'keep', head: 0, tail: 4, fill: 'x' }],
    ['keep(1,1,"•")', { by: 'keep', head: 1, tail: 1, fill: '•' }],
    ["keep(1,1,'''')", { by: 'keep', head: 1, tail: 1, fill: "'" }],
    ["keep(1,1,'😀')", { by: 'keep', head: 1, tail: 1, fill: '😀' }],
    ['email', { by: 'email' }],
    ['sha256', { by: 'sha256' }],
    ['null', { by: 'null' }],
    ['NULL()', { by: 'null' }],
    ["fixed('a, b')", { by: 'fixed', text: 'a, b' }],
    ["fixed('')", { by: 'fixed', text: '' }],
    ['truncate(2)', { by: 'truncate', length: 2 }],
    ['year', { by: 'year' }],
    ['month', { by: 'month' }],
    ['round(1000)', { by: 'round', step: 1000n }],
    ['round(100000000000000000000)', { by: 'round', step: 100000000000000000000n }],
  ])('%s', (text, expected) => {
    expect(parseMask(text)).toEqual(expected)
  })

  test('a control character hides nothing', () => {
    expect(parseMask("keep(1,1,'\\u0001')")).toContain('not one visible character')
  })

  test('every example is one', () => {
    for (const [name, { example }] of Object.entries(MASKS)) expect(parseMask(example)).toMatchObject({ by: name })
  })

  test.each([
    ['kep(3,4)', 'did you mean keep(3,4)?'],
    ['e-mail', 'must be a mask: keep(3,4), email, sha256'],
    ['emial', 'did you mean email?'],
    ['hash', 'did you mean sha256?'],
    ['partial(1,2)', 'did you mean keep(3,4)?'],
    ['xyzzy', 'names no mask that there is; there are keep(3,4), email'],
    ['keep', 'needs how many of the first and of the last characters stay'],
    ['keep(3)', 'needs how many of the first and of the last characters stay'],
    ['keep(-1,4)', 'has a first argument that is not a whole number from 0'],
    ["keep(1,'4')", 'has a second argument that is not a whole number from 0'],
    ["keep(1,4,'ab')", 'has a third argument that is not one visible character'],
    ['keep(1,4,5)', 'has a third argument that is not one visible character'],
    ['keep(1 4)', 'has arguments that cannot be read'],
    ['keep(1,)', 'has arguments that cannot be read'],
    ["fixed('a)", 'has arguments that cannot be read'],
    ['fixed', 'needs one text in quotes'],
    ['fixed(3)', 'needs one text in quotes'],
    ['email(1)', 'takes no arguments'],
    ['truncate(0)', 'needs one whole number from 1'],
    ['round(1)', 'needs one whole number from 2 on'],
    ["round('x')", 'needs one whole number from 2 on'],
    ['keep(3,4', 'must be a mask'],
  ])('%s is refused at its place: %s', (text, message) => {
    const [problem, ...more] = ofMask(text)
    expect(more).toEqual([])
    expect(problem).toMatch(/^sync\.toml:13:\d+: mask /)
    expect(problem).toContain(message)
  })
})

describe('mask_salt', () => {
  const hashed = `${MINIMAL}${RULE}mask = { phone = "keep(3,4)", id_card = "sha256" }\n`

  test('is demanded where a mask hashes, at the line of the mask', () => {
    expect(first(hashed)).toEqual([
      expect.stringMatching(/^sync\.toml:12:8: mask hides "id_card" by sha256, and mask_salt is not set/),
    ])
    expect(first(`mask_salt = "short"\n${hashed}`)[0]).toContain('mask_salt has less than 16 characters')
    expect(first(`${SALT}${hashed}`)).toEqual([])
    expect(first(`${MINIMAL}${RULE}mask = { phone = "keep(3,4)" }\n`)).toEqual([])
  })

  test('is demanded by rules in files of rules/ too', () => {
    const rules = [{ file: 'rules/a.toml', text: `${RULE}mask = { id_card = "sha256" }\n` }]
    expect(problems(MINIMAL, { rules })[0]).toMatch(/^rules\/a\.toml:4:8: mask hides "id_card" by sha256/)
  })

  test('a variable that is not set is one problem, not two', () => {
    expect(first(`mask_salt = "\${MASK_SALT}"\n${hashed}`)).toEqual([
      expect.stringContaining('mask_salt needs the variable MASK_SALT'),
    ])
  })

  test('comes from the environment and is shown nowhere', () => {
    const config = load(`mask_salt = "\${MASK_SALT}"\n${hashed}`, env({ MASK_SALT: 'a secret of the environment' }))
    expect(config.mask_salt).toBe('a secret of the environment')
    expect(secretsOf(config)).toContain('a secret of the environment')
    expect(JSON.stringify(redactConfig(config))).not.toContain('a secret')
  })
})
