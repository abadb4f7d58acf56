import { expect, test } from '@jest/globals'
import { RuleBook } from '../../lib/rules/rule-book.js'
import { autoShardName } from '../../lib/rules/shard-name.js'
import { rule } from '../support/rule-spec.js'

test.each([
  ['/^course_[0-9]+$/', 'course__auto_shard'],
  ['/^course_\\d{4}_\\d{2}$/', 'course__auto_shard'],
  ['/^course-(0|1|2[0-9])$/', 'course__auto_shard'],
  ['/^course_(?:[0-9]*)$/', 'course__auto_shard'],
  ['/^größe[0-9]+$/', 'größe__auto_shard'],
  ['/^t1_[0-9]*$/', 't1__auto_shard'],
])('%s is the shards of %s', (pattern, name) => expect(autoShardName(pattern)).toBe(name))

test.each([
  ['course_1', 'an exact name'],
  ['/course_[0-9]+$/', 'found anywhere in a name'],
  ['/^course_[0-9]+/', 'anything may follow'],
  ['/^course_.*$/', 'tables of any kind'],
  ['/^course_[a-z]+$/', 'letters'],
  ['/^course_[^0-9]$/', 'anything but digits'],
  ['/^course_1$|^x$/', 'two beginnings'],
  ['/^a1|2$/', 'an outer alternative'],
  ['/^[0-9]+$/', 'no beginning'],
  ['/^_[0-9]+$/', 'separators alone'],
  ['/^course$/', 'one name'],
  ['/^(user|order)_[0-9]+$/', 'two kinds of tables'],
])('%s is none: %s', pattern => expect(autoShardName(pattern)).toBeNull())

test('a rule book writes numbered tables into one target when told to, unless the rule names another', () => {
  const book = (autoShard: boolean, targetTable: string | null = null) =>
    new RuleBook(
      [{ schema: '/^s/', tables: ['/./'] }],
      [rule({ schema: '/^s[0-9]$/', table: '/^c_([0-9]+)$/', targetTable })],
      'd',
      autoShard,
    )
  const target = (used: RuleBook) => ['c_1', 'c_22'].map(table => used.match('s1', table)[0]?.table)
  expect(target(book(true))).toEqual(['c__auto_shard', 'c__auto_shard'])
  expect(target(book(false))).toEqual(['c_1', 'c_22'])
  expect(target(book(true, 'all_$1'))).toEqual(['all_1', 'all_22'])
})
