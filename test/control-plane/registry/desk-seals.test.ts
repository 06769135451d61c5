import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { neededApprovals } from '../../../src/control-plane/approvals/approval-rules.ts';
import type { RegistryLists } from '../../../src/control-plane/registry/desk-contract.ts';
import { SecretSealer } from '../../../src/control-plane/registry/sealer.ts';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import type { JsonObject, RegistryStore } from '../../../src/stores/registry-contract.ts';
import { aFolder } from '../config/config-fixture.ts';
import { APP, DeskUnderTest, PLAN, refusalsOf, WHOLE } from './desk-fixture.ts';

const keyLine = (id: string) => `${id} ${randomBytes(32).toString('base64')}\n`;
const OLD = keyLine('old');
const NEW = keyLine('new');
const SECRET = randomBytes(32).toString('base64');
const SHARED_KEY = { id: 'h', app: APP.id, algorithm: 'hmac-sha256', secret: SECRET };

async function openWith(keys: string, shared: RegistryStore): Promise<DeskUnderTest> {
  const sealer = SecretSealer.fromFile(join(aFolder({ keys }), 'keys'));
  return DeskUnderTest.open(shared, { sealer });
}

function withTls(): JsonObject {
  const keyFile = join(aFolder(), 'key.pem');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const output = ['-keyout', keyFile, '-subj', '/CN=bank', '-days', '2'];
  const options = { encoding: 'utf8', stdio: 'pipe' } as const;
  const cert = execFileSync('openssl', ['req', '-x509', ...curve, ...output], options);
  const tls = { cert, key: readFileSync(keyFile, 'utf8') };
  return { id: 'core', url: 'https://127.0.0.1:8081', tls };
}

const LISTS = {
  ...WHOLE,
  keys: [...WHOLE.keys, SHARED_KEY],
  plans: [{ ...PLAN, approvals: ['production-credentials'] }],
};

describe('a new first key', () => {
  it('seals everything when the registry is applied as it was exported, and once', async () => {
    const upstream = withTls();
    const shared = createMemoryRegistryStore();
    const first = await openWith(OLD, shared);
    expect(refusalsOf(await first.apply({ ...LISTS, upstreams: [upstream] }))).toEqual([]);
    const exported = first.desk.export();

    const rotated = await openWith(NEW + OLD, shared);
    const lists = exported as Record<string, JsonObject[]>;
    const proposed = lists.keys!.map(
      body => ({ kind: 'key', id: body.id as string, body }) as const,
    );
    expect(neededApprovals(rotated.desk, proposed)).toEqual([]);
    expect(await rotated.apply(lists)).toMatchObject({
      plan: [
        { action: 'update', kind: 'key', id: 'h', pointers: ['/sealedSecret'] },
        { action: 'update', kind: 'upstream', id: 'core', pointers: ['/tls/sealedKey'] },
      ],
    });
    // The old export again, and what is exported now.
    expect(await rotated.apply(lists)).toMatchObject({ plan: [] });
    expect(await rotated.apply(exportOf(rotated))).toMatchObject({ plan: [] });
    expect(JSON.stringify(rotated.desk.export())).not.toContain('v1.old.');

    const retired = await openWith(NEW, shared);
    const { keys, upstreams } = retired.desk.snapshot();
    expect(Buffer.from(keys.find(({ id }) => id === 'h')!.material).toString('base64')).toBe(
      SECRET,
    );
    expect(upstreams[0]!.tls!.key).toBe((upstream.tls as JsonObject).key);
    expect(retired.reports).toEqual([]);
  });

  it('leaves alone what no key opens', async () => {
    const shared = createMemoryRegistryStore();
    const first = await openWith(OLD, shared);
    await first.apply(LISTS);
    const stranger = await openWith(NEW, shared);
    expect(await stranger.apply(exportOf(stranger))).toMatchObject({ plan: [] });
  });
});

describe('a sealed secret', () => {
  it('is refused in another record than its own', async () => {
    const under = await openWith(OLD, createMemoryRegistryStore());
    await under.apply(LISTS);
    const { secret: _, ...rest } = SHARED_KEY;
    const { sealedSecret } = under.desk.get('key', 'h')!.body;
    const stolen = { ...rest, id: 'h2', sealedSecret: sealedSecret! };
    expect(refusalsOf(await under.put('key', stolen))).toEqual(['invalid key/h2 /sealedSecret']);
  });
});

function exportOf({ desk }: DeskUnderTest): Record<string, JsonObject[]> {
  return desk.export() satisfies RegistryLists as Record<string, JsonObject[]>;
}
