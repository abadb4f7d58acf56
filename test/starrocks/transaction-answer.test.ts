import { describe, expect, test } from '@jest/globals'
import { parseTransactionAnswer } from '../../lib/starrocks/transaction-answer.js'

const kindOf = (fields: object, status = 200) => parseTransactionAnswer(JSON.stringify(fields), status).kind

describe('success', () => {
  test.each([
    [{ Status: 'OK', Message: '' }],
    [{ Status: 'OK', Label: 'l', Message: '', TxnId: 7, BeginTxnTimeMs: 1 }],
    [{ Status: 'OK', Message: 'Transaction 7 has already committed, label is l' }],
    [{ status: 'ok', msg: 'Success' }],
  ])('%j', fields => {
    expect(kindOf(fields)).toBe('ok')
  })

  test('nothing else is one', () => {
    const texts = [
      '',
      'OK',
      '"OK"',
      '[]',
      'null',
      '{}',
      '{"Status":"OK"',
      '{"Status":1}',
      '{"Message":"OK"}',
      '<html>OK',
    ]
    for (const text of texts) expect(parseTransactionAnswer(text, 200).kind).toBe('unknown')
    for (const Status of ['Success', 'Publish Timeout', 'OKAY', 'PREPARED', ''])
      expect(kindOf({ Status })).toBe('unknown')
    for (const http of [201, 202, 204, 307, 500, 503]) expect(kindOf({ Status: 'OK' }, http)).toBe('unknown')
    expect(kindOf({ Status: 'OK' }, 401)).toBe('denied')
  })
})

describe('refusals', () => {
  test.each([
    ['labelTaken', 'LABEL_ALREADY_EXISTS', ''],
    ['labelTaken', 'LABEL_ALREADY_EXISTS', 'Transaction already started with label [l], txnId: 7'],
    ['labelTaken', 'FAILED', 'class com.starrocks.common.LabelAlreadyUsedException: Label [l] has already been used.'],
    ['inProcess', 'TXN_IN_PROCESSING', 'Transaction is in processing'],
    ['forgotten', 'TXN_NOT_EXISTS', 'transaction with label l not exists'],
    ['forgotten', 'FAILED', 'class com.starrocks.common.StarRocksException: stream load task l does not exist'],
    ['forgotten', 'FAILED', 'class com.starrocks.common.StarRocksException: stream load tasklonelydoes not exist'],
    ['forgotten', 'FAILED', 'transaction with op commit label l has no backend'],
    ['forgotten', 'FAILED', 'No transaction found with db[demo] and label[l]'],
    ['forgotten', 'FAILED', 'No transaction found by label l'],
    ['ending', 'FAILED', 'Can not abort transaction 7 during committing, label is l'],
    ['ending', 'FAILED', 'Transaction 7 is already committing, label is l'],
    ['ending', 'OK', 'Transaction 7 abort is already in progress, label is l. Background retry will continue.'],
    ['ending', 'OK', 'stream load l abort initiated, rollback pending (background retry will continue), label is l'],
    ['committed', 'FAILED', 'Can not abort VISIBLE transaction 7, label is l'],
    ['committed', 'FAILED', 'Can not abort COMMITTED transaction 7, label is l'],
    ['aborted', 'FAILED', 'Can not commit ABORTED transaction 7, label is l'],
    ['aborted', 'FAILED', 'Can not commit CANCELLED transaction 7, label is l'],
    ['aborted', 'FAILED', 'Transaction 7 is aborting (reason: timeout), label is l'],
    ['aborted', 'FAILED', 'stream load task l has already been cancelled: transaction timeout after 600000ms'],
    ['aborted', 'FAILED', 'stream load task l is aborting: LOAD exception: too many filtered rows'],
    ['aborted', 'ABORTED', 'current transaction is aborted'],
    ['rejected', 'INTERNAL_ERROR', 'load request not equal last.'],
    ['rejected', 'INVALID_ARGUMENT', 'Request table a not equal transaction table b'],
    ['rejected', 'FAILED', 'Unsupported operation: TXN_PREPARE'],
    ['rowsRejected', 'INTERNAL_ERROR', 'too many filtered rows'],
    ['rowsRejected', 'DATA_QUALITY_ERROR', ''],
    ['busy', 'FAILED', 'current running txns on db 1 is 1000, larger than limit 1000'],
    ['busy', 'SERVICE_UNAVAILABLE', 'x'],
    ['unreachable', 'FAILED', 'No backend alive.'],
    [
      'unreachable',
      'FAILED',
      'Table replication num should be less than or equal to the number of available backends. Current alive backend is [].',
    ],
    [
      'rejected',
      'FAILED',
      'Table replication num should be less than or equal to the number of available backends. Current alive backend is [10001].',
    ],
    ['denied', 'FAILED', 'Access denied; you need (at least one of) the INSERT privilege(s)'],
    ['unknown', 'FAILED', 'publish timeout: 20000, transactionId=7'],
    ['unknown', 'PUBLISH_TIMEOUT', ''],
    ['unknown', 'INTERNAL_ERROR', 'rpc failed'],
    ['unknown', 'SOMETHING_NEW', 'hm'],
  ])('%s: %s %s', (kind, Status, Message) => {
    expect(kindOf({ Status, Message })).toBe(kind)
  })

  test('an HTTP error without JSON', () => {
    expect(parseTransactionAnswer('Not Found', 404)).toEqual({ kind: 'rejected', message: 'HTTP 404: Not Found' })
    expect(parseTransactionAnswer('oops', 502).kind).toBe('unknown')
    expect(parseTransactionAnswer('', 403).kind).toBe('denied')
  })

  test('where the rejected rows are shown', () => {
    const url = 'http://10.0.0.1:8040/api/_load_error_log?file=error_log_1_2'
    const field = parseTransactionAnswer(
      JSON.stringify({
        Status: 'INTERNAL_ERROR',
        Message: 'too many filtered rows',
        NumberFilteredRows: 3,
        ErrorURL: url,
      }),
      200,
    )
    expect(field).toMatchObject({ kind: 'rowsRejected', filtered: 3, errorUrl: url })
    const Message = `STREAM_LOAD_TASK:1009, label={l}, error_msg={abnormal data more than max filter rate, tracking_url: ${url}}`
    expect(parseTransactionAnswer(JSON.stringify({ Status: 'FAILED', Message }), 200)).toMatchObject({
      kind: 'rowsRejected',
      filtered: null,
      errorUrl: url,
    })
  })
})
