import { execFile } from 'node:child_process';
import { sign, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyRing, type KeyRingOptions } from '../../../src/control-plane/key-ring/index.ts';
import { lockFile } from '../../../src/stores/file-lock.ts';

const run = promisify(execFile);
const DAY_MS = 86_400_000;
let dir: string;
let nowMs: number;
let changes: number;
let failures: string[];
const rings: KeyRing[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xingyun-ring-'));
  nowMs = Date.UTC(2026, 0, 1);
  changes = 0;
  failures = [];
});
afterEach(() => {
  for (const ring of rings.splice(0)) ring.close();
  rmSync(dir, { recursive: true });
});

function open(options: Partial<KeyRingOptions> = {}): KeyRing {
  const ring = KeyRing.open({
    ...{ stateDir: dir, purpose: 'tokens', algorithm: 'ES256' },
    ...{ rotationMs: 30 * DAY_MS, publishAheadMs: DAY_MS, keepMs: DAY_MS / 2 },
    clock: { wallMs: () => nowMs, monotonicMs: () => nowMs },
    onChange: () => {
      changes += 1;
    },
    reportFailure: error => failures.push(error.message),
    ...options,
  });
  rings.push(ring);
  return ring;
}

const file = () => join(dir, 'keys-of-tokens.json');
const kids = (ring: KeyRing) => ring.jwks().keys.map(({ kid }) => kid);

function later(ring: KeyRing, days: number): void {
  nowMs += Math.round(days * DAY_MS);
  ring.look();
}

describe('a key ring', () => {
  it('makes its first key in a file for its owner alone, and leaves no draft', () => {
    const ring = open();
    expect(kids(ring)).toEqual([ring.current().kid]);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(['keys-of-tokens.json', 'keys-of-tokens.json.lock']);
  });

  it('publishes no private half', () => {
    for (const algorithm of ['ES256', 'PS256', 'EdDSA'] as const) {
      const ring = open({ algorithm, purpose: algorithm.toLowerCase().replace(/\d+/, '') });
      const [jwk] = ring.jwks().keys;
      expect(jwk).toMatchObject({ alg: algorithm, use: 'sig', kid: ring.current().kid });
      for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(jwk).not.toHaveProperty(name);
    }
  });

  it('signs what its JWK Set verifies', () => {
    const ring = open();
    const signature = sign('sha256', Buffer.from('text'), ring.current().privateKey);
    const key = { key: ring.jwks().keys[0]!, format: 'jwk' as const };
    expect(verify('sha256', Buffer.from('text'), key, signature)).toBe(true);
  });

  it('has the same keys after a restart', () => {
    const first = open();
    later(first, 29.5);
    const second = open();
    expect(kids(second)).toEqual(kids(first));
    expect(second.current().kid).toBe(first.current().kid);
  });

  it('publishes the next key ahead, signs with it in its time, and drops the old one later', () => {
    const ring = open();
    const { kid } = ring.current();
    later(ring, 28.9);
    expect(kids(ring)).toEqual([kid]);
    later(ring, 0.1);
    const [, next] = kids(ring);
    expect([kids(ring)[0], ring.current().kid]).toEqual([kid, kid]);
    later(ring, 1);
    expect(ring.current().kid).toBe(next);
    expect(kids(ring)).toEqual([kid, next]);
    later(ring, 0.51);
    expect(kids(ring)).toEqual([next]);
    expect(changes).toBe(3);
    expect(failures).toEqual([]);
  });

  it('signs with the next key from the instant that it is due, looked at or not', () => {
    const ring = open();
    later(ring, 29);
    nowMs += DAY_MS;
    expect(ring.current().kid).toBe(kids(ring)[1]);
  });

  it('publishes the next key first even where its time passed while nothing ran', () => {
    const { kid } = open().current();
    nowMs += 300 * DAY_MS;
    const ring = open();
    expect(ring.current().kid).toBe(kid);
    expect(kids(ring)).toHaveLength(2);
    later(ring, 1);
    expect(ring.current().kid).not.toBe(kid);
  });

  it('goes on with the first key where the clock was set back', () => {
    const { kid } = open().current();
    nowMs -= DAY_MS;
    expect(open().current().kid).toBe(kid);
  });

  it('takes the turn that another process has made', () => {
    const [one, other] = [open(), open()];
    later(one, 29.5);
    other.look();
    expect(kids(other)).toEqual(kids(one));
  });

  it('has one next key where several processes turn at the same moment', async () => {
    const script = join(import.meta.dirname, 'turn-ring.ts');
    const at = String(Date.now() + 2_000);
    const turn = () => run(process.execPath, [script, dir, String(nowMs), at]);
    const printed = await Promise.all(Array.from({ length: 4 }, turn));
    const [first, ...others] = printed.map(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(first).toHaveLength(2);
    for (const other of others) expect(other).toEqual(first);
  });

  it('goes on with its keys while another process holds the file for too long', () => {
    const ring = open();
    const { kid } = ring.current();
    const lock = lockFile(`${file()}.lock`, 0)!;
    later(ring, 29.5);
    lock.release();
    expect(kids(ring)).toEqual([kid]);
    expect(failures).toEqual([`${file()}.lock: is held by another process`]);
    ring.look();
    expect(kids(ring)).toHaveLength(2);
  });

  it('goes on with its keys while a turn cannot be written', () => {
    const ring = open();
    const { kid } = ring.current();
    const text = readFileSync(file(), 'utf8');
    writeFileSync(file(), '{');
    later(ring, 29.5);
    expect(kids(ring)).toEqual([kid]);
    expect(failures).toEqual([`${file()}: is not JSON`]);
    writeFileSync(file(), text);
    ring.look();
    expect(kids(ring)).toHaveLength(2);
  });

  it('keeps rings of several purposes apart', () => {
    expect(open({ purpose: 'answers' }).current().kid).not.toBe(open().current().kid);
  });
});

describe('a broken key file', () => {
  const kept = () => JSON.parse(readFileSync(file(), 'utf8'));

  it.each([
    ['cut off', () => '{"form":1', 'is not JSON'],
    ['empty', () => '', 'is not JSON'],
    ['of another form', () => '{"form":2,"keys":[]}', 'is no key ring of form 1'],
    ['without keys', () => '{"form":1,"keys":[]}', 'has no key'],
    [
      'with a key of another algorithm',
      () => JSON.stringify({ form: 1, keys: [{ ...kept().keys[0], algorithm: 'EdDSA' }] }),
      'has a key that cannot be read as one for EdDSA',
    ],
    [
      'with half a key',
      () => JSON.stringify({ form: 1, keys: [{ ...kept().keys[0], privateKey: 'secret' }] }),
      'has a key that cannot be read as one for ES256',
    ],
    [
      'with a key twice',
      () => JSON.stringify({ form: 1, keys: [kept().keys[0], kept().keys[0]] }),
      'has the same key twice',
    ],
  ])('%s is named and stays as it is', (_, make, reason) => {
    open();
    const text = make();
    writeFileSync(file(), text);
    expect(() => open()).toThrow(new Error(`${file()}: ${reason}`));
    expect(readFileSync(file(), 'utf8')).toBe(text);
  });

  it('that cannot be written at first is named', () => {
    const stateDir = join(dir, 'nowhere');
    expect(() => open({ stateDir })).toThrow('keys-of-tokens.json: cannot be written (ENOENT)');
  });
});
