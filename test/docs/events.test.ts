/** The page for upstream systems is true: its command publishes, and its answer is the answer. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestGateway } from '../support/gateway.ts';

const PAGE = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await TestGateway.start({ upstreamPort: 1 });
});
afterAll(() => gateway?.dispose());

function block(language: string): string {
  return new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'm').exec(PAGE)![1]!;
}

it('publishes with the page’s command, in the folder of the token', async () => {
  const command = block('sh').replace('http://127.0.0.1:9090', gateway.adminUrl);
  const run = () => promisify(execFile)('sh', ['-c', command], { cwd: gateway.files.dir });
  const { journalId } = await gateway.journal();
  const expected = JSON.parse(block('json').replace('5f0c2b1a.42', `${journalId}.1`));
  expect(JSON.parse((await run()).stdout)).toEqual(expected);
  expected.events[0].duplicate = true;
  expect(JSON.parse((await run()).stdout)).toEqual(expected);
});

it('names metrics that are there', async () => {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  const names = [...PAGE.matchAll(/`(xingyun_\w+)`/g)].map(([, name]) => name!);
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) expect(text).toMatch(new RegExp(`^${name} `, 'm'));
});
