import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainEntries, EMPTY_CHAIN } from '../../src/stores/audit-chain.ts';
import type { AuditDraft, AuditEntry } from '../../src/stores/registry-contract.ts';
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

async function verify(lines: readonly unknown[], ...more: string[]) {
  const file = join(folder, 'audit.ndjson');
  writeFileSync(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''));
  const { status, stdout, stderr } = await runCli(['audit', 'verify', file, '--json', ...more]);
  return { status, stderr, report: stdout === '' ? undefined : JSON.parse(stdout) };
}

const endOf = ({ sequence, hash }: AuditEntry) => ['--head', `${sequence}:${hash}`];

describe('xingyun audit verify', () => {
  it('finds a whole log whole, and one that begins later too', async () => {
    const last = entries.at(-1)!;
    const head = { sequence: last.sequence, hash: last.hash };
    const whole = await verify(entries, ...endOf(last));
    expect(whole).toMatchObject({ status: 0, report: { ok: true, from: 1, entries: 4, head } });
    const later = await verify(entries.slice(2), ...endOf(last));
    expect(later).toMatchObject({ status: 0, report: { ok: true, from: 3, entries: 2, head } });
  });

  it('names the entry that was changed, taken out or cut off', async () => {
    const changed = entries.map(entry =>
      entry.sequence === 2 ? { ...entry, actor: 'operator:wu' } : entry,
    );
    expect(await verify(changed)).toMatchObject({
      ...{ status: 1, report: { ok: false, fault: { sequence: 2, fault: 'hash' } } },
    });
    const cut = entries.filter(({ sequence }) => sequence !== 2);
    expect(await verify(cut)).toMatchObject({
      ...{ status: 1, report: { ok: false, fault: { sequence: 2, fault: 'gap' } } },
    });
    const short = await verify(entries.slice(0, 3), ...endOf(entries.at(-1)!));
    expect(short).toMatchObject({
      ...{ status: 1, report: { ok: false, fault: { sequence: 4, fault: 'end' } } },
    });
  });

  it('says which line is none of the log, and which file is not there', async () => {
    const other = await verify([entries[0], { level: 30 }]);
    expect(other).toMatchObject({ status: 1, report: undefined });
    expect(other.stderr).toContain('Line 2');
    const none = await runCli(['audit', 'verify', join(folder, 'none')]);
    expect(none).toMatchObject({ status: 1, stdout: '' });
    expect(none.stderr).toContain('ENOENT');
    const wrong = await runCli(['audit', 'verify', '--head', 'x']);
    expect(wrong.status).toBe(2);
  });
});
