import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson, chainEntries, EMPTY_CHAIN } from '../../src/stores/audit-chain.ts';
import type { AuditDraft, AuditEntry, JsonValue } from '../../src/stores/registry-contract.ts';
import { AdminStub } from './admin-stub.ts';
import { runCli } from './run-cli.ts';

const drafts: AuditDraft[] = ['a', 'b', 'c', 'd'].map(id => ({
  actor: 'operator:li',
  action: 'partner.update',
  reason: 'Ownership changed',
  subject: `partner/${id}`,
  changes: [{ kind: 'partner', id, before: null, after: { id, name: 'Name' } }],
}));
const entries = chainEntries(drafts, EMPTY_CHAIN, 1, 1_700_000_000_000).map(({ entry }) => entry);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'xingyun-audit-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const textOf = (lines: readonly unknown[]) =>
  lines.map(line => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');

async function verify(lines: readonly unknown[], ...more: string[]) {
  const file = join(folder, 'audit.ndjson');
  writeFileSync(file, textOf(lines));
  const { status, stdout, stderr } = await runCli(['audit', 'verify', file, '--json', ...more]);
  return { status, stderr, report: stdout === '' ? undefined : JSON.parse(stdout) };
}

const headOf = ({ sequence, hash }: AuditEntry) => ({ sequence, hash });
const pointOf = ({ sequence, hash }: AuditEntry) => `${sequence}:${hash}`;
const endOf = (entry: AuditEntry) => ['--head', pointOf(entry)];
const behind = (entry: AuditEntry) => ['--after', pointOf(entry)];
const [first, second, third, last] = entries as [AuditEntry, AuditEntry, AuditEntry, AuditEntry];

describe('xingyun audit verify', () => {
  it('finds a whole log whole, however its members are ordered', async () => {
    const report = { ok: true, from: 1, entries: 4, head: headOf(last) };
    expect(await verify(entries, ...endOf(last))).toMatchObject({ status: 0, report });
    const canonical = entries.map(entry => canonicalJson(entry as unknown as JsonValue));
    expect(await verify(canonical)).toMatchObject({ status: 0, report });
    expect(await verify(entries.map(entry => `${JSON.stringify(entry)}\r`))).toMatchObject({
      ...{ status: 0, report },
    });
  });

  it('takes a part of a log for whole behind the entry that it is told, and no other', async () => {
    const part = entries.slice(2);
    const report = { ok: true, from: 3, entries: 2, head: headOf(last) };
    const later = await verify(part, ...behind(second), ...endOf(last));
    expect(later).toMatchObject({ status: 0, report });
    expect(await verify([], ...behind(second))).toMatchObject({
      ...{ status: 0, report: { ok: true, entries: 0, head: headOf(second) } },
    });
    const beheaded = { ok: false, fault: { sequence: 1, fault: 'gap' } };
    expect(await verify(part, ...endOf(last))).toMatchObject({ status: 1, report: beheaded });
    expect(await verify(part, ...behind(first))).toMatchObject({
      ...{ status: 1, report: { ok: false, fault: { sequence: 2, fault: 'gap' } } },
    });
    expect(await verify(part, '--after', `2:${'f'.repeat(64)}`)).toMatchObject({
      ...{ status: 1, report: { ok: false, fault: { sequence: 3, fault: 'previous' } } },
    });
  });

  it('names the entry that was changed, taken out or cut off', async () => {
    for (const more of [{ actor: 'operator:wu' }, { approvedBy: 'operator:wu' }]) {
      expect(await verify([first, { ...second, ...more }, third, last])).toMatchObject({
        ...{ status: 1, report: { ok: false, fault: { sequence: 2, fault: 'hash' } } },
      });
    }
    expect(await verify([first, third, last])).toMatchObject({
      ...{ status: 1, report: { ok: false, fault: { sequence: 2, fault: 'gap' } } },
    });
    expect(await verify([first, second, third], ...endOf(last))).toMatchObject({
      ...{ status: 1, report: { ok: false, fault: { sequence: 4, fault: 'end' } } },
    });
  });

  it('refuses a line that says more than is read of it', async () => {
    const line = JSON.stringify(second);
    for (const text of [
      line.replace('"sequence":2', '"actor":"operator:wu","sequence":2'),
      line.replace('"sequence":2', '"sequence":1,"sequence":2'),
      line.replace('"sequence":2', '"sequence":2.0'),
      line.replace('"name":"Name"', '"name":"Other","name":"Name"'),
      line.replace('"name":"Name"', '"name":"\\u004eame"'),
      line.replace('"sequence":2', `"sequence":2,"x":${'['.repeat(20_000)}${']'.repeat(20_000)}`),
    ]) {
      expect(text).not.toBe(line);
      const { status, report, stderr } = await verify([first, text, third, last]);
      expect([status, report, stderr]).toEqual([1, undefined, expect.stringContaining('Line 2')]);
    }
  });

  it('says which line is none of the log, and which file is not there', async () => {
    const other = await verify([first, { level: 30 }]);
    expect(other).toMatchObject({ status: 1, report: undefined });
    expect(other.stderr).toContain('Line 2');
    const none = await runCli(['audit', 'verify', join(folder, 'none')]);
    expect(none).toMatchObject({ status: 1, stdout: '' });
    expect(none.stderr).toContain('ENOENT');
    for (const option of ['--head', '--after']) {
      expect((await runCli(['audit', 'verify', option, 'x'])).status).toBe(2);
    }
  });
});

describe('the log of a gateway', () => {
  let admin: AdminStub;
  beforeAll(async () => {
    admin = await AdminStub.start();
  });
  afterAll(() => admin.close());

  const audit = (...more: string[]) => runCli(['audit', ...more, '--admin', admin.url]);

  function serve(lines: readonly AuditEntry[], after = 0, breaksOff = false): void {
    admin.answers.set('/v1/audit/head', { text: JSON.stringify(headOf(third)) });
    admin.answers.set(`/v1/audit?after=${after}`, { text: textOf(lines), breaksOff });
  }

  it('is verified up to the end that it had, from its beginning or a known entry', async () => {
    serve(entries);
    expect(await audit('verify')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('3:'),
    });
    serve([third, last], 2);
    expect(await audit('verify', ...behind(second))).toMatchObject({ status: 0 });
  });

  it('does not hold where its beginning is gone, or all of it', async () => {
    for (const lines of [entries.slice(1), []]) {
      serve(lines);
      expect(await audit('verify')).toMatchObject({ status: 1, stderr: '' });
    }
  });

  it('that breaks off is told in a sentence, and leaves no file', async () => {
    serve([first, second], 0, true);
    const file = join(folder, 'broken.ndjson');
    for (const command of [['verify'], ['export'], ['export', '--output', file]]) {
      const { status, stderr } = await audit(...command);
      expect([status, stderr.trim().split('\n')]).toEqual([
        1,
        [expect.stringContaining('broke off')],
      ]);
    }
    expect(readdirSync(folder).filter(name => name.startsWith('broken'))).toEqual([]);
  });

  it('is exported into a file for its owner alone, whatever was there', async () => {
    serve(entries);
    const file = join(folder, 'exported.ndjson');
    writeFileSync(file, 'before', { mode: 0o644 });
    expect((await audit('export', '--output', file)).status).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toBe(textOf(entries));
  });
});
