/**
 * Memory per idle connection: opens connections to a gateway process of its own, reads its resident
 * memory before and after, and makes one signed call while all of them are open.
 *
 *     npm run bench:idle -- [--connections 12000] [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureIdle } from './measure-idle.ts';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '12000' },
    json: { type: 'string' },
  },
});

const result = await measureIdle(Number(values.connections), opened => {
  process.stderr.write(`\r${opened} connections open`);
});
process.stderr.write('\n');
console.log(`connections            ${result.connections}`);
console.log(`resident before        ${(result.rssBeforeBytes / 1e6).toFixed(1)} MB`);
console.log(`resident after         ${(result.rssAfterBytes / 1e6).toFixed(1)} MB`);
console.log(`bytes per connection   ${result.bytesPerConnection.toFixed(0)}`);
console.log(`a signed call          ${result.callStatus} in ${result.callMs.toFixed(1)} ms`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
