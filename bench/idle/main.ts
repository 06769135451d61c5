/**
 * Memory per idle connection: opens connections to a gateway process of its own, reads its resident
 * memory before and after, and makes one signed call while all of them are open.
 *
 *     npm run bench:idle -- [--connections 1000,6000,12000,19000] [--tls] [--used]
 *                           [--json FILE] [--no-record]
 *
 * `--tls` measures every level over TLS too. With `--used` each connection makes a call before it
 * is idle, instead of none. The JSON is {levels: [...]}; where there is one level, its fields stand
 * beside `levels` as well.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { openFilesMax } from '../rig/process-usage.ts';
import { Progress } from '../rig/progress.ts';
import { appendResult } from '../rig/results.ts';
import { type IdleLevel, marginalBytes, measureIdle, type Transport } from './measure-idle.ts';

/** Files that a gateway or its client holds beside connections. */
const OTHER_FILES = 200;

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '1000,6000,12000,19000' },
    tls: { type: 'boolean', default: false },
    used: { type: 'boolean', default: false },
    json: { type: 'string' },
    'no-record': { type: 'boolean', default: false },
  },
});
const counts = values.connections.split(',').map(Number);
const connectionsMax = openFilesMax() - OTHER_FILES;
const wrong = counts.find(count => !(Number.isInteger(count) && count >= 1));
if (wrong !== undefined || Math.max(...counts) > connectionsMax) {
  console.error(`--connections takes numbers from 1 to ${connectionsMax}, the limit of open files`);
  process.exit(2);
}

const environment = readEnvironment();
const startedAt = new Date().toISOString();
const transports: readonly Transport[] = values.tls ? ['http', 'tls'] : ['http'];
const levels: IdleLevel[] = [];
for (const transport of transports) {
  for (const count of counts) levels.push(await measure(transport, count));
  const own = levels.filter(level => level.transport === transport);
  if (own.length < 2) continue;
  console.log(`${transport}: each further connection ${marginalBytes(own).toFixed(0)} bytes\n`);
}
const result = {
  name: 'idle',
  startedAt,
  ...(levels.length === 1 ? levels[0] : {}),
  levels,
  environment,
  commit: checkoutCommit(),
};
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
if (!values['no-record']) appendResult('idle', result);

async function measure(transport: Transport, count: number): Promise<IdleLevel> {
  const progress = new Progress();
  const level = await measureIdle({ transport, connections: count, used: values.used }, open =>
    progress.showShare(`${transport} connections`, open, count),
  );
  progress.end();
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(
    `${transport}, ${level.connections} connections (${level.connectionsCounted} counted)`,
  );
  console.log(`  resident before        ${mb(level.rssBeforeBytes)}`);
  console.log(`  resident after         ${mb(level.rssAfterBytes)}`);
  console.log(`  of it private          ${mb(level.privateAfterBytes)}`);
  console.log(`  bytes per connection   ${level.bytesPerConnection.toFixed(0)}`);
  console.log(`  a signed call          ${level.callStatus} in ${level.callMs.toFixed(1)} ms`);
  if (level.connectionsHeld < count)
    console.log(`  still open             ${level.connectionsHeld}`);
  return level;
}
