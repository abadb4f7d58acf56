import { describe, expect, test } from '@jest/globals'
import { csvRows } from '../../lib/sandbox/csv-rows.js'
import { parseLoadRequest } from '../../lib/sandbox/load-request.js'

function split(body: string | Buffer, headers: Record<string, string> = {}) {
  const request = parseLoadRequest({ column_separator: ',', ...headers })
  return [...csvRows(Buffer.from(body as Buffer), request)].map(row => ('reason' in row ? row.reason : row.fields))
}

describe('plain', () => {
  test.each<[string, string, Record<string, string>, unknown]>([
    [
      'rows and fields',
      'a,b\nc,d\n',
      {},
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['the last delimiter is optional', 'a\nb', {}, [['a'], ['b']]],
    ['blank lines are skipped', '\na\n\n\nb\n', {}, [['a'], ['b']]],
    [
      'empty fields stay',
      ',\na,\n',
      {},
      [
        ['', ''],
        ['a', ''],
      ],
    ],
    ['only \\N is NULL', '\\N,\\n,\\NN, \\N\n', {}, [[null, '\\n', '\\NN', ' \\N']]],
    ['no quoting', '"a,b"\n', {}, [['"a', 'b"']]],
    ['carriage returns belong to the data', 'a\r\nb\rc\n', {}, [['a\r'], ['b\rc']]],
    ['row delimiter \\x02', 'a\nb\x02c\x02', { row_delimiter: '\\x02' }, [['a\nb'], ['c']]],
    [
      'long delimiters',
      'a||b##c||d',
      { column_separator: '||', row_delimiter: '##' },
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['a half delimiter is data', 'a|b||c#\n', { column_separator: '||' }, [['a|b', 'c#']]],
    ['an empty body', '', {}, []],
    ['trim_space takes blanks only', ' a ,\tb , \\N\n', { trim_space: 'true' }, [['a', '\tb', null]]],
    ['skip_header', 'h,h\na,b\n', { skip_header: '1' }, [['a', 'b']]],
  ])('%s', (_, body, headers, expected) => {
    expect(split(body, headers)).toEqual(expected)
  })

  test('a row that is not UTF-8 is rejected, its neighbours are not', () => {
    const body = Buffer.concat([Buffer.from('a\n'), Buffer.from([0xc3, 0x28]), Buffer.from('\nb\n')])
    expect(split(body)).toEqual([['a'], 'Invalid UTF-8 row', ['b']])
  })

  test('more lines to skip than there are', () => {
    expect(() => split('a\n', { skip_header: '2' })).toThrow('skip_header')
  })
})

describe('enclose and escape', () => {
  test.each<[string, string, Record<string, string>, unknown]>([
    ['delimiters inside', '"a,b\nc",d\n', { enclose: '"' }, [['a,b\nc', 'd']]],
    ['doubled', '"a""b",c\n', { enclose: '"' }, [['a"b', 'c']]],
    ['only at the start of a field', 'a"b",c\n', { enclose: '"' }, [['a"b"', 'c']]],
    ['even "\\N" is NULL', '"\\N",x\n', { enclose: '"' }, [[null, 'x']]],
    ['escape inside', '"a\\"b",c\n', { enclose: '"', escape: '\\' }, [['a"b', 'c']]],
    ['escape outside', 'a\\,b,c\n', { escape: '\\' }, [['a,b', 'c']]],
    ['an empty enclosed field', '"",b\n', { enclose: '"' }, [['', 'b']]],
    ['no last delimiter', '"a"\n"b"', { enclose: '"' }, [['a'], ['b']]],
  ])('%s', (_, body, headers, expected) => {
    expect(split(body, headers)).toEqual(expected)
  })
})
