import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { openSqliteIdempotency } from '../../../src/stores/sqlite/index.ts';
import { idempotencyDriverSuite } from '../idempotency-driver-suite.ts';

const RETENTION = { retentionMs: 3_600_000, keysMax: 1_000 };

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xingyun-keys-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const path = () => join(dir, 'idempotency.sqlite');
const open = () => openSqliteIdempotency({ ...RETENTION, path: path(), clock: systemClock });

idempotencyDriverSuite('sqlite', (clock, retention) =>
  openSqliteIdempotency({ ...retention, path: path(), clock }),
);

describe('the file of idempotency keys', () => {
  it('leaves no file behind, and clears away what killed processes left', async () => {
    writeFileSync(join(dir, 'idempotency-0123456789ab.lock'), '');
    const driver = open();
    expect(readdirSync(dir).filter(name => name.endsWith('.lock'))).toHaveLength(1);
    await driver.close();
    expect(readdirSync(dir)).toEqual(['idempotency.sqlite']);
  });

  it.each([
    ['something else', 'is not a store of idempotency keys'],
    ['SQLite format 3\0'.padEnd(4_096, 'x'), 'is not a store of idempotency keys'],
  ])('is refused where it holds %j', (contents, message) => {
    writeFileSync(path(), contents);
    expect(open).toThrow(message);
  });
});
