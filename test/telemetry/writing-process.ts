/** Writes access records to its standard output, tells on standard error what happened, ends. */
import { CounterSet } from '../../src/core/counters.ts';
import { AccessLogWriter } from '../../src/telemetry/access-log-writer.ts';

const counters = new CounterSet();
const account = new SharedArrayBuffer(8);
const reports: (string | undefined)[] = [];
const reported = Promise.withResolvers<void>();
const writer = await AccessLogWriter.open({
  file: process.argv[2],
  counters,
  report: (_message, code) => {
    reports.push(code);
    reported.resolve();
  },
});

function write(): void {
  const block = new TextEncoder().encode('{"a":1}\n{"a":2}\n');
  writer.write(block.buffer, account);
}

process.once('message', async () => {
  process.disconnect();
  write();
  await reported.promise;
  write();
  process.exitCode = 0;
  process.stderr.write(
    JSON.stringify({
      reports,
      dropped: counters.get('access_log_dropped'),
      failed: counters.get('access_log_write_failed'),
      written: new Float64Array(account)[0],
    }),
  );
  if (process.argv[3] === 'exit') process.exit(0);
});
process.send!('ready');
