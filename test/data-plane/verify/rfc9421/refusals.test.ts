import { describe, expect, it } from 'vitest';
import { InlineRunner } from '../inline-runner.ts';
import {
  type Call,
  call,
  contentDigest,
  freshNonce,
  KEYS,
  NOW,
  NOW_MS,
  requiredComponents,
  type Signing,
  signature,
  signCall,
  VerifyBench,
} from '../signed-call.ts';

const HMAC = KEYS['hmac-sha256'];
const JSON_BODY = Buffer.from('{"amount":"12.50","currency":"EUR"}');

function registered(options?: ConstructorParameters<typeof VerifyBench>[0]): VerifyBench {
  const bench = new VerifyBench(options);
  bench.register('key-1', HMAC);
  return bench;
}

/** What becomes of a GET whose signature has these parameters behind created, keyid and nonce. */
function withParameters(parameters: string, bench = registered()): string {
  return bench.verdict(signCall(call(), { parameters }));
}

const usual = (created = NOW) => `;created=${created};keyid="key-1";nonce="${freshNonce()}"`;

describe('several labelled signatures', () => {
  const two = (first: Signing, second: Signing): Call => {
    const one = signature(call(), { label: 'one', ...first });
    const other = signature(call(), { label: 'two', ...second });
    const headers = ['signature-input', `${one.input}, ${other.input}`];
    return call({ headers: [...headers, 'signature', `${other.value}, ${one.value}`] });
  };

  it('are decided by the first whose key is registered', () => {
    const bench = registered();
    bench.register('key-2', KEYS.ed25519, { key: { revoked: true } });
    const second = { keyId: 'key-2', key: KEYS.ed25519 };
    expect(bench.verdict(two({}, second))).toBe('accepted');
    expect(bench.verdict(two(second, {}))).toBe('key-inactive');
    expect(bench.verdict(two({ keyId: 'unknown' }, {}))).toBe('accepted');
    expect(bench.verdict(two({ parameters: ';created=1' }, {}))).toBe('accepted');
  });

  it('do not fall back to a later one where the first is wrong', () => {
    const bench = registered();
    expect(bench.verdict(two({ key: KEYS.ed25519 }, {}))).toBe('signature-invalid');
    expect(bench.verdict(two({ parameters: ';keyid="key-1";other' }, {}))).toBe(
      'signature-malformed',
    );
  });

  it('are looked at up to labelsMax', () => {
    const request = two({ keyId: 'unknown' }, {});
    expect(registered({ config: { labelsMax: 2 } }).verdict(request)).toBe('accepted');
    expect(registered({ config: { labelsMax: 1 } }).verdict(request)).toBe('key-unknown');
  });
});

describe('signature fields that cannot be used', () => {
  const { input, value } = signature(call());
  const verdict = (...headers: string[]) => registered().verdict(call({ headers }));

  it('make nobody of a caller who sends neither', () => {
    expect(verdict('authorization', 'Bearer x')).toBe('anonymous');
  });

  it.each([
    ['Signature alone', ['signature', value]],
    ['Signature-Input alone', ['signature-input', input]],
    ['an empty Signature-Input', ['signature-input', '', 'signature', value]],
    ['an empty Signature', ['signature-input', input, 'signature', '']],
    ['another label', ['signature-input', input, 'signature', value.replace('sig=', 'gis=')]],
    ['a string for a signature', ['signature-input', input, 'signature', 'sig="abc"']],
    ['a list for a signature', ['signature-input', input, 'signature', 'sig=(:YWJj:)']],
    ['loose base64', ['signature-input', input, 'signature', 'sig=:YR==:']],
    ['no signature bytes', ['signature-input', input, 'signature', 'sig']],
    ['a label twice', ['signature-input', input, 'signature', `${value}, ${value}`]],
    ['an overlong Signature-Input', ['signature-input', `${input}, x=()${';a'.repeat(4_096)}`]],
    ['an overlong Signature', ['signature-input', input, 'signature', 's'.repeat(8_193)]],
    [
      'more bytes than any signature has',
      ['signature-input', input, 'signature', `sig=:${Buffer.alloc(2_049).toString('base64')}:`],
    ],
  ])('are malformed with %s', (_, headers) => {
    expect(verdict(...headers)).toBe('signature-malformed');
  });

  it.each([
    ['an unknown parameter', `${usual()};color="red"`],
    ['created as a string', ';created="1800000000";keyid="key-1";nonce="12345678"'],
    ['created as a decimal', ';created=1800000000.0;keyid="key-1";nonce="12345678"'],
    ['created below zero', ';created=-1;keyid="key-1";nonce="12345678"'],
    ['a token for nonce', ';created=1800000000;keyid="key-1";nonce=abcdefgh'],
    ['expires before created', `${usual()};expires=${NOW - 1}`],
    ['a nonce of 7', `;created=${NOW};keyid="key-1";nonce="1234567"`],
    ['a nonce of 129', `;created=${NOW};keyid="key-1";nonce="${'n'.repeat(129)}"`],
    ['a space in the nonce', `;created=${NOW};keyid="key-1";nonce="1234 5678"`],
    ['a parameter twice', `${usual()};created=${NOW}`],
  ])('are malformed with %s', (_, parameters) => {
    expect(withParameters(parameters)).toBe('signature-malformed');
  });

  it.each([8, 128])('are not so with a nonce of %i', length => {
    const parameters = `;created=${NOW};keyid="key-1";nonce="${'n'.repeat(length)}";tag="x"`;
    expect(withParameters(parameters)).toBe('accepted');
  });

  it('are well formed but insufficient without created, nonce or keyid', () => {
    expect(withParameters(`;created=${NOW};keyid="key-1"`)).toBe('signature-coverage');
    expect(withParameters(`;keyid="key-1";nonce="12345678"`)).toBe('signature-coverage');
    expect(withParameters(`;created=${NOW};nonce="12345678"`)).toBe('signature-coverage');
  });
});

describe('the key', () => {
  it('must be registered', () => {
    expect(new VerifyBench().verdict(signCall(call()))).toBe('key-unknown');
  });

  it.each([
    ['key-inactive', { key: { revoked: true } }],
    ['key-inactive', { key: { notBeforeMs: NOW_MS + 1 } }],
    ['key-inactive', { key: { notAfterMs: NOW_MS - 1 } }],
    ['app-inactive', { app: { active: false } }],
    ['app-inactive', { partner: { active: false } }],
    ['accepted', { key: { notBeforeMs: NOW_MS, notAfterMs: NOW_MS } }],
  ] as const)('gives %s with %o, before any cryptography', (name, changes) => {
    const checks = new InlineRunner();
    const bench = new VerifyBench({ checks });
    bench.register('key-1', HMAC, changes);
    expect(bench.verdict(signCall(call()))).toBe(name);
    expect(checks.seen).toHaveLength(name === 'accepted' ? 1 : 0);
  });

  it('must be registered for the algorithm that the signature names', () => {
    expect(withParameters(`${usual()};alg="ed25519"`)).toBe('signature-algorithm');
    expect(withParameters(`${usual()};alg="none"`)).toBe('signature-algorithm');
  });

  it('must be the one that signed', () => {
    expect(registered().verdict(signCall(call(), { key: KEYS.ed25519 }))).toBe('signature-invalid');
  });
});

describe('required coverage', () => {
  const METHOD = ['"@method"', 'GET'] as const;
  const AUTHORITY = ['"@authority"', 'api.bank.example'] as const;
  const PATH = ['"@path"', '/accounts/v1/accounts'] as const;
  const URI = ['"@target-uri"', 'https://api.bank.example/accounts/v1/accounts'] as const;
  const verdict = (components: readonly (readonly [string, string])[], query = '') =>
    registered().verdict(signCall(call({ query }), { components }));

  it('is the method and the whole target', () => {
    expect(verdict([METHOD, URI])).toBe('accepted');
    expect(verdict([PATH, AUTHORITY, METHOD])).toBe('accepted');
    expect(verdict([URI])).toBe('signature-coverage');
    expect(verdict([METHOD])).toBe('signature-coverage');
    expect(verdict([METHOD, PATH])).toBe('signature-coverage');
    expect(verdict([METHOD, AUTHORITY])).toBe('signature-coverage');
    expect(verdict([METHOD, AUTHORITY, ['"@request-target"', PATH[1]]])).toBe('signature-coverage');
    expect(verdict([])).toBe('signature-coverage');
  });

  it('includes the query where there is one', () => {
    expect(verdict([METHOD, AUTHORITY, PATH, ['"@query"', '?a=1']], '?a=1')).toBe('accepted');
    expect(verdict([METHOD, AUTHORITY, PATH], '?a=1')).toBe('signature-coverage');
    expect(verdict([METHOD, AUTHORITY, PATH], '?')).toBe('signature-coverage');
    expect(verdict([METHOD, AUTHORITY, PATH, ['"@query"', '?']], '?')).toBe('accepted');
    const parameter = ['"@query-param";name="a"', '1'] as const;
    expect(verdict([METHOD, AUTHORITY, PATH, parameter], '?a=1')).toBe('signature-coverage');
  });

  it('includes the whole Content-Digest where there is a body', () => {
    const post = call({ method: 'POST', body: JSON_BODY });
    const bare = requiredComponents(post).slice(0, 2);
    const digest = contentDigest(JSON_BODY);
    const covering = (identifier: string, value: string) =>
      registered().verdict(signCall(post, { components: [...bare, [identifier, value]] }));
    expect(registered().verdict(signCall(post, { components: bare }))).toBe('signature-coverage');
    expect(covering('"content-digest"', digest)).toBe('accepted');
    expect(covering('"content-digest";sf', digest)).toBe('signature-coverage');
    expect(covering('"content-digest";key="sha-256"', digest.slice(8))).toBe('signature-coverage');
    const bytes = `:${Buffer.from(digest).toString('base64')}:`;
    expect(covering('"content-digest";bs', bytes)).toBe('signature-coverage');
  });
});

describe('Content-Digest', () => {
  const post = call({ method: 'POST', body: JSON_BODY });
  const withDigest = (digest: string, body = JSON_BODY) => {
    const components = [...requiredComponents({ ...post, body: Buffer.alloc(0) })];
    components.push(['"content-digest"', digest]);
    const headers = ['content-digest', digest];
    return registered().verdict(signCall({ ...post, body, headers }, { components }));
  };
  const sha256 = contentDigest(JSON_BODY);
  const sha512 = contentDigest(JSON_BODY, 'sha-512');
  const otherSha512 = contentDigest(Buffer.from('other'), 'sha-512');

  it.each([
    [sha256, 'accepted'],
    [sha512, 'accepted'],
    [`${sha256}, ${sha512}`, 'accepted'],
    [`md5=:YWJj:, ${sha512}`, 'accepted'],
    [`${sha256}, ${otherSha512}`, 'digest-mismatch'],
    [otherSha512, 'digest-mismatch'],
    ['md5=:YWJj:', 'digest-mismatch'],
    ['sha-256=:YWJj:', 'digest-mismatch'],
    ['sha-256="abc"', 'digest-mismatch'],
    ['sha-256', 'digest-mismatch'],
    ['sha-256=(:YWJj:)', 'digest-mismatch'],
    ['sha-256=:YWJj', 'digest-mismatch'],
    ['', 'digest-mismatch'],
    [`${sha256}, x="${'x'.repeat(1_024)}"`, 'digest-mismatch'],
  ])('%s is %s', (digest, verdict) => {
    expect(withDigest(digest)).toBe(verdict);
  });

  it('is checked where it is covered, body or not', () => {
    expect(withDigest(contentDigest(Buffer.alloc(0)), Buffer.alloc(0))).toBe('accepted');
    expect(withDigest(sha256, Buffer.alloc(0))).toBe('digest-mismatch');
    const part = [...requiredComponents(call())];
    part.push(['"content-digest";key="sha-256"', sha256.slice(8)]);
    const get = call({ headers: ['content-digest', sha256] });
    expect(registered().verdict(signCall(get, { components: part }))).toBe('digest-mismatch');
  });

  it('is left alone where it is neither covered nor required', () => {
    const get = call({ headers: ['content-digest', 'nonsense'] });
    expect(registered().verdict(signCall(get))).toBe('accepted');
  });

  it('is missing where it is covered', () => {
    const signed = signCall(post);
    const at = signed.headers.indexOf('content-digest');
    const headers = signed.headers.toSpliced(at, 2);
    expect(registered().verdict({ ...signed, headers })).toBe('digest-mismatch');
  });

  it('sends the body along only where there is a digest to compare', () => {
    const checks = new InlineRunner();
    const bench = registered({ checks });
    bench.verdict(signCall(post));
    expect(checks.seen[0]!.body).toBe(post.body);
    expect(checks.seen[0]!.digests).toHaveLength(1);
    bench.verdict(signCall(call()));
    expect(checks.seen[1]!.digests).toHaveLength(0);
  });
});
