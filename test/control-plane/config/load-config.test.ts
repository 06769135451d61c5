import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, defaultConfig, loadConfig } from '../../../src/control-plane/config/index.ts';
import { aFolder, placesOf, problemsOf } from './config-fixture.ts';

function load(text: string, files: Readonly<Record<string, string>> = {}) {
  const folder = aFolder({ 'registry.yaml': '', ...files, 'xingyun.yaml': text });
  return loadConfig(join(folder, 'xingyun.yaml'));
}

/** A self-signed certificate and its key, as PEM. */
function aCertificate(): { certificate: string; key: string } {
  const folder = aFolder();
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', join(folder, 'key.pem'), '-subj', '/CN=test', '-days', '2'];
  const arguments_ = ['req', '-x509', ...curve, ...files];
  const certificate = execFileSync('openssl', arguments_, { encoding: 'utf8', stdio: 'pipe' });
  const key = execFileSync('cat', [join(folder, 'key.pem')], { encoding: 'utf8' });
  return { certificate, key };
}

describe('defaults', () => {
  it('apply without a file', () => {
    const { file, config } = defaultConfig('/srv/gateway');
    expect(file).toBeUndefined();
    expect(config.listener).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(config.workers.placement).toBe('auto');
    expect(config.registryFile).toBe('/srv/gateway/registry.yaml');
    expect(config.stateDir).toBe('/srv/gateway/.xingyun/state');
  });

  it('apply in an empty file, and in each section beside what it sets', () => {
    const empty = load('# nothing set\n');
    expect(empty.config.limits).toEqual(defaultConfig().config.limits);
    const { config } = load('workers:\n  queueMax: 7\n');
    expect(config.workers).toEqual({ ...defaultConfig().config.workers, queueMax: 7 });
  });

  it('are fresh for every caller', () => {
    defaultConfig().config.listener.port = 1;
    expect(defaultConfig().config.listener.port).toBe(8080);
  });
});

describe('paths', () => {
  it('start at the folder of the file', () => {
    const { file, config } = load('stateDir: ../state\ntelemetry:\n  accessLogFile: access.log\n');
    const folder = join(file!, '..');
    expect(config.registryFile).toBe(join(folder, 'registry.yaml'));
    expect(config.stateDir).toBe(join(folder, '../state'));
    expect(config.telemetry.accessLogFile).toBe(join(folder, 'access.log'));
  });
});

describe('a wrong file', () => {
  it('names an unknown key with its path and line', () => {
    const [problem, ...others] = problemsOf(() =>
      load('# first line\nworkers:\n  count: 2\n  queueMx: 9\n'),
    );
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ line: 4, path: 'workers.queueMx' });
    expect(problem?.message).toContain('queueMax');
  });

  it('is told as one line per problem, with file and line first', () => {
    const folder = aFolder({ 'xingyun.yaml': 'workers:\n  queueMax: 0\nlisten: {}\n' });
    const file = join(folder, 'xingyun.yaml');
    expect(() => loadConfig(file)).toThrow(ConfigError);
    expect(() => loadConfig(file)).toThrow(
      `${file}:2: workers.queueMax must be from 1 to 1000000, not 0\n${file}:3: listen is unknown`,
    );
  });

  it('is told whole, in the order of its lines', () => {
    const text = `listener:
  port: 70000
  tls:
    certFile: a.pem
    clientCertificate: maybe
workers:
  count: "2"
  placement: fast
  batchMax: 1.5
  queueMax: 0
fronts:
limits: []
telemetry: {accessLog: yes, bogus: 1}
`;
    expect(placesOf(() => load(text))).toEqual([
      '2 listener.port',
      '3 listener.tls.keyFile',
      '5 listener.tls.clientCertificate',
      '7 workers.count',
      '8 workers.placement',
      '9 workers.batchMax',
      '10 workers.queueMax',
      '11 fronts',
      '12 limits',
      '13 telemetry.bogus',
      '13 telemetry.accessLog',
    ]);
  });

  it.each([
    ['a duplicate key', 'workers:\n  count: 1\n  count: 2\n', 3],
    ['broken YAML', 'workers:\n  count: [1\n', 3],
    ['a second document', 'workers: {}\n---\nworkers: {}\n', 2],
    ['an unknown tag', 'workers: {}\nfronts: !secret {}\n', 2],
    ['a key that is no text', '{a: 1}: 2\n', 1],
    ['nesting without end', '['.repeat(20_000), 1],
  ])('names the line of %s', (_, text, line) => {
    expect(problemsOf(() => load(text))[0]?.line).toBe(line);
  });

  it('does not expand aliases without bound', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`,
    );
    const text = ['l0: &l0 [a]', ...levels].join('\n');
    expect(problemsOf(() => load(text))[0]?.message).toContain('alias');
  });

  it('may use a few aliases, and finds lines behind them', () => {
    const text = 'workers: &small\n  count: 2\nfronts: *small\n';
    expect(load(text).config.fronts.count).toBe(2);
    expect(placesOf(() => load('fronts: &f\n  count: 0\nworkers: *f\n'))).toEqual([
      '2 fronts.count',
      '2 workers.count',
    ]);
  });

  it('cannot reach a prototype', () => {
    expect(placesOf(() => load('__proto__: {polluted: 1}\nworkers: {}\n'))).toEqual([
      '1 __proto__',
    ]);
    expect(placesOf(() => load('workers:\n  constructor: 1\n'))).toEqual(['2 workers.constructor']);
  });

  it('that cannot be read says why', () => {
    const folder = aFolder({
      'bytes.yaml': Uint8Array.of(0x61, 0xff),
      'large.yaml': '#'.repeat(2_000_000),
    });
    for (const [name, reason] of [
      ['missing.yaml', 'does not exist'],
      ['', 'is a directory'],
      ['bytes.yaml', 'is not UTF-8 text'],
      ['large.yaml', 'is larger than'],
    ] as const) {
      const [problem] = problemsOf(() => loadConfig(join(folder, name)));
      expect(problem).toMatchObject({ line: 0, path: '' });
      expect(problem?.message).toContain(reason);
    }
    const pipe = join(folder, 'pipe.yaml');
    execFileSync('mkfifo', [pipe]);
    for (const endless of ['/dev/zero', pipe]) {
      expect(problemsOf(() => loadConfig(endless))[0]?.message).toContain('not a regular file');
    }
  });
});

describe('rules across options', () => {
  const token = { 'admin.token': `${'t'.repeat(32)}\n` };

  it('want a token where admin is outside loopback', () => {
    expect(placesOf(() => load('admin:\n  port: 1\n  host: 0.0.0.0\n'))).toEqual([
      '1 admin.tokenFile',
    ]);
    expect(placesOf(() => load('admin:\n  host: 10.0.0.1\n'))).toEqual(['1 admin.tokenFile']);
    expect(
      load('admin:\n  host: 0.0.0.0\n  tokenFile: admin.token\n', token).config.admin.host,
    ).toBe('0.0.0.0');
    for (const host of ['127.0.0.2', '"::1"', 'localhost']) load(`admin:\n  host: ${host}\n`);
  });

  it('want a token that cannot be guessed', () => {
    const text = 'admin:\n  tokenFile: admin.token\n';
    expect(placesOf(() => load(text, { 'admin.token': 'short\n' }))).toEqual(['2 admin.tokenFile']);
    const spaced = { 'admin.token': 'two lines of text\nin a file\n' };
    expect(placesOf(() => load(text, spaced))).toEqual(['2 admin.tokenFile']);
    expect(placesOf(() => load(text))).toEqual(['2 admin.tokenFile']);
  });

  it('want a publisher token as good, and another than the operators’', () => {
    const text = 'events:\n  publisherTokenFile: publisher.token\n';
    const place = '2 events.publisherTokenFile';
    const { file, config } = load(text, { 'publisher.token': `${'p'.repeat(22)}\n` });
    expect(config.events.publisherTokenFile).toBe(join(file!, '..', 'publisher.token'));
    expect(placesOf(() => load(text))).toEqual([place]);
    expect(placesOf(() => load(text, { 'publisher.token': 'short' }))).toEqual([place]);
    const both = `${text}admin:\n  tokenFile: admin.token\n`;
    const same = { ...token, 'publisher.token': 't'.repeat(32) };
    expect(placesOf(() => load(both, same))).toEqual([place]);
    expect(load(both, { ...token, 'publisher.token': 'p'.repeat(32) })).toBeDefined();
  });

  it('want files that exist', () => {
    const text = 'registryFile: other.yaml\ntelemetry:\n  accessLogFile: none/access.log\n';
    expect(placesOf(() => load(text))).toEqual(['1 registryFile', '3 telemetry.accessLogFile']);
  });

  it('want files that are no folders', () => {
    const [problem] = problemsOf(() => load('registryFile: .\n'));
    expect(problem).toMatchObject({ line: 1, path: 'registryFile' });
    expect(problem?.message).toContain('is a directory');
  });

  it('keep the two listeners apart', () => {
    expect(placesOf(() => load('admin:\n  port: 8080\n'))).toEqual(['2 admin.port']);
    const authority = 'publicAuthority: bank.example';
    const wildcard = `listener:\n  host: 0.0.0.0\n  port: 9090\n  ${authority}\n`;
    expect(placesOf(() => load(wildcard))).toEqual(['1 admin.port']);
    const withoutZeros = wildcard.replace('0.0.0.0', '"::"');
    expect(placesOf(() => load(withoutZeros))).toEqual(['1 admin.port']);
    load('listener:\n  port: 0\nadmin:\n  port: 0\n');
    load('listener:\n  host: 127.0.0.2\nadmin:\n  port: 8080\n');
  });

  it.each([
    '0.0.0.0',
    '"::"',
    '"0"',
    '"::0"',
    '"0:0:0:0:0:0:0:0"',
    '"[::]"',
    '"::ffff:0.0.0.0"',
    '""',
  ])('want a public authority where the listener has the wildcard %s', host => {
    const text = `listener:\n  port: 1\n  host: ${host}\n`;
    const problems = problemsOf(() => load(text));
    expect(problems).toMatchObject([{ line: 3, path: 'listener.host' }]);
    expect(problems[0]!.message).toContain('set listener.publicAuthority');
    load(`${text}  publicAuthority: api.bank.example\n`);
  });

  it('want no public authority where the listener has an address of its own', () => {
    for (const host of ['10.0.0.1', '"::1"', 'localhost', 'bank.example', 'fe80::1%eth0']) {
      load(`listener:\n  host: ${host}\n`);
    }
  });

  it('want a public authority without path or user', () => {
    for (const authority of ['api.bank.example', 'api.bank.example:443', '"[2001:db8::1]:8443"']) {
      load(`listener:\n  publicAuthority: ${authority}\n`);
    }
    for (const authority of [
      'https://bank',
      'bank/',
      'user@bank',
      'bank:port',
      '""',
      'bank:0',
      'bank:65536',
      'bank:123456',
      '"bank:"',
      '"::1"',
      '"[:::]"',
      '"[::1"',
      '256.1.1.1',
      'bank,other',
      '"bank example"',
    ]) {
      const text = `listener:\n  publicAuthority: ${authority}\n`;
      expect(placesOf(() => load(text))).toEqual(['2 listener.publicAuthority']);
    }
  });
});

describe('TLS files', () => {
  const { certificate, key } = aCertificate();
  const options = 'listener:\n  tls:\n    certFile: cert.pem\n    keyFile: key.pem\n';
  const files = { 'cert.pem': certificate, 'key.pem': key };

  it('that fit are accepted', () => {
    expect(load(options, files).config.listener.tls?.clientCertificate).toBe('off');
  });

  it('must exist, parse and belong together', () => {
    expect(placesOf(() => load(options))).toEqual([
      '3 listener.tls.certFile',
      '4 listener.tls.keyFile',
    ]);
    const swapped = { 'cert.pem': key, 'key.pem': certificate };
    expect(placesOf(() => load(options, swapped))).toEqual([
      '3 listener.tls.certFile',
      '4 listener.tls.keyFile',
    ]);
    const other = { ...files, 'key.pem': aCertificate().key };
    expect(placesOf(() => load(options, other))).toEqual(['4 listener.tls.keyFile']);
  });

  it('include the authorities where client certificates are asked for', () => {
    const required = `${options}    clientCertificate: required\n`;
    expect(placesOf(() => load(required, files))).toEqual(['2 listener.tls.clientCaFile']);
    const complete = `${required}    clientCaFile: cert.pem\n`;
    expect(load(complete, files).config.listener.tls?.clientCertificate).toBe('required');
    const wrong = `${required}    clientCaFile: key.pem\n`;
    expect(placesOf(() => load(wrong, files))).toEqual(['6 listener.tls.clientCaFile']);
  });
});
