import { describe, expect, test } from '@jest/globals'
import { LABEL_STATES, type LoadVerdict, parseLoadAnswer, parseLoadState } from '../../lib/starrocks/load-status.js'

const be = (fields: object) => JSON.stringify({ TxnId: 7, Label: 'l', ...fields }, null, 4)
const fail = (Message: string, more: object = {}) => be({ Status: 'Fail', Message, ...more })

describe('answers to a load', () => {
  const cases: [string, number, Partial<LoadVerdict>][] = [
    [
      be({ Status: 'Success', Message: 'OK', NumberTotalRows: 3, NumberLoadedRows: 3, NumberFilteredRows: 0 }),
      200,
      { kind: 'done', rows: 3, filtered: 0, visible: true },
    ],
    ['{"STATUS":"success","message":"OK"}', 200, { kind: 'done', rows: null, filtered: null }],
    [
      be({
        Status: 'Publish Timeout',
        Message: 'Publish timeout. The data will be visible after a while, x',
        NumberLoadedRows: 1,
      }),
      200,
      { kind: 'done', rows: 1, visible: false },
    ],
    [be({ Status: 'Label Already Exists', ExistingJobStatus: 'FINISHED' }), 200, { kind: 'existing', job: 'finished' }],
    [be({ Status: 'Label Already Exists', ExistingJobStatus: 'RUNNING' }), 200, { kind: 'existing', job: 'running' }],
    [be({ Status: 'Label Already Exists' }), 200, { kind: 'existing', job: 'running' }],
    ['{"Status":"LABEL_ALREADY_EXISTS","ExistingJobStatus":"FINISHED"}', 200, { kind: 'existing', job: 'finished' }],
    [fail('Label [l] has already been used.'), 200, { kind: 'existing', job: 'running' }],
    [
      fail('too many filtered rows', {
        NumberFilteredRows: 2,
        ErrorURL: 'http://10.0.0.7:8040/api/_load_error_log?file=e',
      }),
      200,
      { kind: 'rowsRejected', filtered: 2, errorUrl: 'http://10.0.0.7:8040/api/_load_error_log?file=e' },
    ],
    [fail('too many filtered rows'), 200, { kind: 'rowsRejected', filtered: null, errorUrl: null }],
    [fail('primary key size exceed the limit.'), 200, { kind: 'rowsRejected' }],
    [
      fail('Failed to load data into tablet 1, because of too many versions, current/limit: 1001/1000.'),
      200,
      { kind: 'busy' },
    ],
    [fail('current running txns on db 10 is 100, larger than limit 100'), 200, { kind: 'busy' }],
    [fail('Memory of process exceed limit. Used: 1'), 200, { kind: 'busy' }],
    [fail('Service is shutting down, please retry later!'), 200, { kind: 'unreachable' }],
    [fail('current fe is not master'), 200, { kind: 'unreachable' }],
    [
      '{"status":"FAILED","msg":"class com.starrocks.common.DdlException: No backend alive."}',
      200,
      { kind: 'unreachable' },
    ],
    [fail('no valid Basic authorization'), 200, { kind: 'denied' }],
    [
      fail('Access denied; you need (at least one of) the INSERT privilege(s) for this operation'),
      200,
      { kind: 'denied' },
    ],
    [
      '{"status":"FAILED","code":"1","msg":"Access denied for u@ip","message":"Access denied"}',
      401,
      { kind: 'denied' },
    ],
    ['', 401, { kind: 'denied' }],
    [fail('call frontend service failed, reason=THRIFT_RPC timed out'), 200, { kind: 'unknown' }],
    ['{"Status":"FAILED","Message":"publish timeout: 20000, transactionId=7"}', 200, { kind: 'unknown' }],
    ['{"status":"FAILED","msg":"There is no 100-continue header"}', 200, { kind: 'rejected' }],
    [
      '{"Status":"FAILED","Message":"class com.starrocks.common.DdlException: There is no 100-continue header"}',
      200,
      { kind: 'rejected' },
    ],
    [fail('unknown table "demo.t"'), 200, { kind: 'rejected' }],
    [
      fail('Column has no default value. column: c'),
      200,
      { kind: 'rejected', message: 'Column has no default value. column: c' },
    ],
    [fail('parse error. bad json'), 200, { kind: 'rejected' }],
    ['Bad Request. <br/> too large', 400, { kind: 'rejected' }],
    ['Not Found', 404, { kind: 'rejected' }],
    // Nothing below names an outcome.
    ['', 200, { kind: 'unknown' }],
    ['null', 200, { kind: 'unknown' }],
    ['"Success"', 200, { kind: 'unknown' }],
    ['[{"Status":"Success"}]', 200, { kind: 'unknown' }],
    ['<html>Success</html>', 200, { kind: 'unknown' }],
    ['{"Status":"Success","Num', 200, { kind: 'unknown' }],
    ['{"Status":"OK","Message":"OK"}', 200, { kind: 'unknown' }],
    ['{"Status":"Succeeded"}', 200, { kind: 'unknown' }],
    ['{"Message":"OK"}', 200, { kind: 'unknown' }],
    [be({ Status: 'Success' }), 500, { kind: 'unknown' }],
    ['Bad Gateway', 502, { kind: 'unknown' }],
    ['{"status":"FAILED","msg":"java.lang.NullPointerException"}', 500, { kind: 'unknown' }],
    ['{"status":"FAILED","msg":"No backend alive."}', 500, { kind: 'unreachable' }],
  ]
  test.each(cases)('%s with HTTP %d', (text, status, verdict) => {
    expect(parseLoadAnswer(text, status)).toMatchObject(verdict)
  })

  test('messages are one short line without credentials', () => {
    const verdict = parseLoadAnswer(fail(`line\nhttp://u:pass@h/ ${'x'.repeat(5000)}`), 200)
    expect(verdict).toMatchObject({ kind: 'rejected' })
    const { message } = verdict as { message: string }
    expect(message.length).toBeLessThan(500)
    expect(message).not.toMatch(/pass|\n/)
  })
})

describe('answers to a label question', () => {
  test.each(LABEL_STATES)('%s', state => {
    const old = `{"state":"${state}","status":"OK","msg":"Success"}`
    const current = `{"state":"${state}","reason":"","status":"OK","code":"0","msg":"Success","message":"OK"}`
    for (const text of [old, current]) expect(parseLoadState(text, 200)).toMatchObject({ kind: 'state', state })
  })
  test.each([
    ['{"status":"FAILED","msg":"unknown database, database=x"}', 200, 'rejected'],
    ['{"status":"FAILED","msg":"current fe is not master"}', 200, 'unreachable'],
    ['{"status":"FAILED","msg":"Access denied for u"}', 200, 'denied'],
    ['', 401, 'denied'],
    ['', 200, 'unknown'],
    ['<html>VISIBLE</html>', 200, 'unknown'],
    ['{"state":"SOMETHING","status":"OK"}', 200, 'unknown'],
    ['{"state":"VISIBLE","status":"FAILED","msg":"x"}', 200, 'rejected'],
    ['{"state":"VISIBLE","status":"OK"}', 503, 'unknown'],
  ])('%s with HTTP %d is %s', (text, status, kind) => {
    expect(parseLoadState(text, status).kind).toBe(kind)
  })
  test('the reason of an abort is kept', () => {
    expect(parseLoadState('{"state":"ABORTED","reason":"too many filtered rows","status":"OK"}', 200)).toEqual({
      kind: 'state',
      state: 'ABORTED',
      reason: 'too many filtered rows',
    })
  })
})
