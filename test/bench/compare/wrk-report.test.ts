import { describe, expect, it } from 'vitest';
import { errorsOf, parseReport } from '../../../bench/compare/wrk.ts';

const REPORT =
  '{"requests":29955,"durationMicros":385798,"bytes":4942575,"p50Micros":764,"p99Micros":2897,' +
  '"maxMicros":5599,"errors":{"connect":0,"read":0,"write":0,"status":0,"timeout":0}}';
const SAID = `Running 3s test @ http://127.0.0.1:19191/
  1 threads and 128 connections
  29955 requests in 385.80ms, 4.71MB read
Requests/sec:  77644.26

RESULT ${REPORT}
`;

describe("wrk's report", () => {
  it('is the line that the script prints', () => {
    const report = parseReport(SAID);
    expect(report).toMatchObject({ requests: 29_955, durationMicros: 385_798, p99Micros: 2_897 });
    expect(errorsOf(report)).toBe('');
  });

  it('names every kind of error that occurred', () => {
    const said = SAID.replace('"status":0', '"status":17').replace('"timeout":0', '"timeout":2');
    expect(errorsOf(parseReport(said))).toBe('17 status, 2 timeout');
  });

  it('is an error with its words where wrk could not run', () => {
    const said = 'unable to connect to 127.0.0.1:1 Connection refused\n';
    expect(() => parseReport(said)).toThrow('Connection refused');
  });
});
