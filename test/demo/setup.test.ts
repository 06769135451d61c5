import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSuite } from '../../src/cli/certify/suite.ts';
import { createCallSigner } from '../../src/client/index.ts';
import { readSigningKey } from '../../src/client/key-files.ts';
import { SIGNATURE_ALGORITHMS } from '../../src/core/snapshot.ts';
import { readBankPorts } from '../../src/demo/bank-ports.ts';
import { DEMO_NEWCOMER, DEMO_PARTNERS } from '../../src/demo/partners.ts';
import { type ClientFile, prepareDemo } from '../../src/demo/setup.ts';

let root: string;
let dir: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'demo-'));
  dir = join(root, 'demo');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function modeOf(file: string): number {
  return statSync(file).mode & 0o777;
}

function readClient(file: string): ClientFile {
  return JSON.parse(readFileSync(file, 'utf8'));
}

describe('the folder of the demonstration', () => {
  it('is closed to others, and so is every secret in it', async () => {
    const files = await prepareDemo(dir, { bankPort: 1 });
    for (const folder of [dir, files.stateDir, join(dir, 'keys')]) {
      expect(modeOf(folder)).toBe(0o700);
    }
    const secrets = readdirSync(join(dir, 'keys')).filter(name => !name.includes('.public.'));
    expect(secrets).toHaveLength(10);
    for (const name of secrets) expect(modeOf(join(dir, 'keys', name))).toBe(0o600);
    const { clientFile, clientFiles, publisherTokenFile, operatorTokenFile } = files;
    const secret = [clientFile, publisherTokenFile, operatorTokenFile, ...clientFiles.values()];
    for (const file of secret) {
      expect(modeOf(file)).toBe(0o600);
    }
  });

  it('keeps keys that exist and writes the rest anew', async () => {
    const first = await prepareDemo(dir, { bankPort: 1 });
    const names = readdirSync(join(dir, 'keys'));
    const before = names.map(name => readFileSync(join(dir, 'keys', name), 'utf8'));
    writeFileSync(first.registryFile, 'changed');
    rmSync(join(dir, 'keys', 'creditlens-ed25519.public.pem'));
    chmodSync(join(dir, 'keys', 'creditlens-ed25519.private.pem'), 0o644);
    const second = await prepareDemo(dir, { bankPort: 2 });
    expect(readdirSync(join(dir, 'keys'))).toEqual(names);
    expect(names.map(name => readFileSync(join(dir, 'keys', name), 'utf8'))).toEqual(before);
    expect(modeOf(join(dir, 'keys', 'creditlens-ed25519.private.pem'))).toBe(0o600);
    expect(parse(readFileSync(second.registryFile, 'utf8')).upstreams[0].url).toMatch(/:2$/);
  });

  it('has a token of its own to publish events with, and keeps it', async () => {
    const { configFile, publisherTokenFile } = await prepareDemo(dir, { bankPort: 1 });
    const token = readFileSync(publisherTokenFile, 'utf8').trim();
    expect(token).toMatch(/^[\w-]{43}$/);
    const { events } = parse(readFileSync(configFile, 'utf8'));
    expect(resolve(dir, events.publisherTokenFile)).toBe(publisherTokenFile);
    chmodSync(publisherTokenFile, 0o644);
    await prepareDemo(dir, { bankPort: 1 });
    expect(readFileSync(publisherTokenFile, 'utf8').trim()).toBe(token);
    expect(modeOf(publisherTokenFile)).toBe(0o600);
    const other = await prepareDemo(join(root, 'other'), { bankPort: 1 });
    expect(readFileSync(other.publisherTokenFile, 'utf8').trim()).not.toBe(token);
  });

  it('says which key cannot be read', async () => {
    await prepareDemo(dir, { bankPort: 1 });
    const file = join(dir, 'keys', 'nebula-pay-rsa.private.pem');
    writeFileSync(file, 'broken');
    await expect(prepareDemo(dir, { bankPort: 1 })).rejects.toThrow(file);
  });

  it('makes no other key in place of one that the registry knows', async () => {
    const { stateDir } = await prepareDemo(dir, { bankPort: 1 });
    const file = join(dir, 'keys', 'nebula-pay-rsa.private.pem');
    rmSync(file);
    await expect(prepareDemo(dir, { bankPort: 1 })).rejects.toThrow(file);
    await expect(prepareDemo(dir, { bankPort: 1 })).rejects.toThrow(file);
    rmSync(stateDir, { recursive: true });
    await prepareDemo(dir, { bankPort: 1 });
    expect(statSync(file).isFile()).toBe(true);
  });

  it('remembers where the bank listens', async () => {
    expect(readBankPorts(dir)).toEqual({ port: 0, sandboxPort: 0 });
    await prepareDemo(dir, { bankPort: 7, sandboxPort: 8 });
    expect(readBankPorts(dir)).toEqual({ port: 7, sandboxPort: 8 });
    for (const text of ['', 'null', '{"port":"7","sandboxPort":65536}']) {
      writeFileSync(join(dir, 'bank.json'), text);
      expect(readBankPorts(dir)).toEqual({ port: 0, sandboxPort: 0 });
    }
  });

  it('fills the registry once, and leaves it to its operators from then on', async () => {
    const { configFile } = await prepareDemo(dir, { bankPort: 1 });
    const { registry } = parse(readFileSync(configFile, 'utf8'));
    expect(registry).toEqual({ fileAtStart: 'seed' });
  });

  it('creates the nonce state once, and never beside keys that were used', async () => {
    const called: string[] = [];
    const options = { bankPort: 1, initialiseState: (stateDir: string) => called.push(stateDir) };
    const { stateDir } = await prepareDemo(dir, options);
    await prepareDemo(dir, options);
    expect(called).toEqual([stateDir]);
    rmSync(stateDir, { recursive: true });
    await prepareDemo(dir, options);
    expect(called).toHaveLength(1);
  });
});

const FIELDS = {
  rfc9421: 'signature',
  xingyun: 'authorization',
  jws: 'x-jws-signature',
  cavage: 'signature',
} as const;

describe('the files in it', () => {
  it('let every client sign with its own key', async () => {
    const { clientFiles, clientFile } = await prepareDemo(dir, { bankPort: 1, gatewayPort: 8181 });
    const algorithms = new Set<string>();
    for (const file of [clientFile, ...clientFiles.values()]) {
      const { baseUrl, algorithm, privateKeyFile, ...client } = readClient(file);
      const privateKey = readSigningKey(resolve(dirname(file), privateKeyFile), algorithm);
      const signer = createCallSigner({ ...client, privateKey, algorithm });
      const headers = signer.sign({ method: 'GET', targetUri: `${baseUrl}/a` });
      expect(Object.keys(headers)).toContain(FIELDS[client.scheme ?? 'rfc9421']);
      expect(baseUrl).toBe('http://127.0.0.1:8181');
      algorithms.add(algorithm);
    }
    expect(algorithms).toEqual(new Set(SIGNATURE_ALGORITHMS));
    expect(readClient(clientFile).algorithm).toBe('rsa-v1_5-sha256');
  });

  it('name only what exists, and one partner per class', async () => {
    const { registryFile } = await prepareDemo(dir, { bankPort: 1 });
    const registry = parse(readFileSync(registryFile, 'utf8'));
    for (const key of registry.keys) {
      expect(statSync(join(dir, key.publicKeyFile ?? key.secretFile)).isFile()).toBe(true);
    }
    for (const api of registry.apis) expect(statSync(join(dir, api.openapi)).isFile()).toBe(true);
    const apis = registry.apis.map((api: { id: string }) => api.id);
    for (const topic of registry.topics) expect(apis).toContain(topic.api);
    const members = registry.partners.filter(({ id }: { id: string }) => id !== DEMO_NEWCOMER.id);
    const classes = members.map((partner: { class: string }) => partner.class);
    expect(new Set(classes).size).toBe(5);
    expect(classes).toHaveLength(DEMO_PARTNERS.length);
  });

  it('have a newcomer whose sandbox app can be certified, by a suite that is valid', async () => {
    const files = await prepareDemo(dir, { bankPort: 1, sandboxPort: 2 });
    const registry = parse(readFileSync(files.registryFile, 'utf8'));
    const { id, appId } = DEMO_NEWCOMER;
    const find = (list: { id: string }[], wanted: string) => list.find(one => one.id === wanted);
    expect(find(registry.partners, id)).toMatchObject({ status: 'certification' });
    expect(find(registry.apps, appId)).toMatchObject({ environment: 'sandbox', partner: id });
    const keys = registry.keys.filter(({ app }: { app: string }) => app === appId);
    expect(keys).toHaveLength(2);
    for (const { sandboxUpstream } of registry.apis) {
      expect(find(registry.upstreams, sandboxUpstream)).toMatchObject({
        url: 'http://127.0.0.1:2',
      });
    }
    expect(readSuite(files.suiteFile).read.path).toMatch(/^\/sandbox\//);
  });
});
