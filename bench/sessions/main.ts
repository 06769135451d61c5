/**
 * CPU of a call over a session against the same call over HTTP, gateway on one core:
 *
 *     npm run bench:sessions -- [options]        (see USAGE)
 *
 * Exit status 1: a case has no round that counts. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { appendResult } from '../rig/results.ts';
import { compareSessions } from './compare-sessions.ts';
import { reasonsAgainstSessions } from './recordable-sessions.ts';
import { readSessionsArguments, USAGE } from './sessions-arguments.ts';
import type { SessionsResult } from './sessions-result.ts';
import { sessionsText } from './sessions-text.ts';

const command: BenchCommand = new BenchCommand('bench:sessions');

function recordUnless(reasons: readonly string[], result: SessionsResult): void {
  if (reasons.length === 0) appendResult('sessions', result);
  else console.log(`Not recorded: ${reasons.join('; ')}.`);
}

const { options, json, record } = command.read(USAGE, readSessionsArguments);
const signal = command.interrupt();
const tell = (line: string) => process.stderr.write(`${line}\n`);
try {
  const result = await compareSessions(options, { signal, tell });
  process.stdout.write(sessionsText(result));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  if (record) recordUnless(reasonsAgainstSessions(result), result);
  if (result.cases.some(({ rounds }) => rounds.length === 0)) process.exitCode = 1;
} catch (error) {
  // Everything is ended and removed by now; threads that sign need not be waited for.
  command.failed(error);
}
