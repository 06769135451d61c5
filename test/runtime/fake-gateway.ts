/** A gateway process that does what its arguments say; for tests of the supervisor. */
import { appendFileSync, readFileSync } from 'node:fs';

/** A word for each start, the last one for all that follow. */
const [script, journal] = process.argv.slice(2) as [string, string];
const note = (what: string) => appendFileSync(journal, `${what}\n`);
const starts = readFileSync(journal, 'utf8')
  .split('\n')
  .filter(line => line === 'started').length;
note('started');
const behaviours = script.split(',');
const behaviour = behaviours[Math.min(starts, behaviours.length - 1)]!;

if (behaviour !== 'deaf') {
  process.on('SIGHUP', () => {
    note('reloaded');
    process.send!({ kind: 'ready', url: 'reloaded', adminUrl: '' });
  });
  process.on('SIGTERM', () => {
    note('drained');
    if (behaviour === 'hang') return;
    process.exit(behaviour === 'bad-drain' ? 7 : 0);
  });
}
const idle = setInterval(() => undefined, 1_000);
process.on('message', ({ kind }: { kind: string }) => {
  note(kind);
  if (kind === 'yield') {
    if (behaviour === 'never-yield') return;
    const place = { listenerPort: 1, adminPort: 2, nonceSocket: 'socket', nonceStore: 'host' };
    if (behaviour === 'no-yield') process.send!({ kind: 'not-yielded', reason: 'not now' });
    else if (behaviour === 'die-yielding') process.kill(process.pid, 'SIGKILL');
    else process.send!({ kind: 'yielded', place });
  }
  if (kind === 'go') behave();
  if (kind === 'retire' && behaviour !== 'linger') process.exit(0);
});
if (process.argv.includes('--replaces') && behaviour !== 'fail') process.send!({ kind: 'standby' });
else behave();

function behave(): void {
  switch (behaviour) {
    case 'fail':
      process.send!({ kind: 'failed', message: 'The port is taken.' }, () => process.exit(1));
      break;
    case 'crash-silently':
      process.exit(3);
      break;
    case 'end':
      process.exit(0);
      break;
    case 'die-when-ready':
      process.send!({ kind: 'ready', url: 'u', adminUrl: 'a' }, () => {
        process.kill(process.pid, 'SIGKILL');
      });
      break;
    case 'deaf':
      break;
    default:
      process.send!({ kind: 'ready', url: 'u', adminUrl: 'a' });
  }
}
process.on('disconnect', () => clearInterval(idle));
