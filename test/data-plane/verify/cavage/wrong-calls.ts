/** Wrong signatures by draft-cavage, each with its problem. */
import { createHmac } from 'node:crypto';
import { type Call, NOW, type TestKey } from '../signed-call.ts';
import {
  dateOf,
  ED25519,
  fieldOf,
  parametersOf,
  RSA,
  type Signing,
  signCavage,
  withAuthorization,
  withFields,
  withSignature,
} from './cavage-call.ts';
import { BODY, GET, POST, type Wrong } from './wrong-call.ts';
import { wrongDigests } from './wrong-digests.ts';
import { wrongForms } from './wrong-forms.ts';

function signed(name: string, key: TestKey, signing: Signing, code: string, unsigned = POST) {
  return { name, call: signCavage(unsigned, key, signing), code };
}

/** One bit of every fourth byte. */
function bitFlips(key: TestKey): Wrong[] {
  const { length } = Buffer.from(parametersOf(withFields(POST), key).signature!, 'base64');
  return Array.from({ length: Math.ceil(length / 4) }, (_, index) => {
    const call = withFields(POST);
    const parameters = parametersOf(call, key);
    const bytes = Buffer.from(parameters.signature!, 'base64');
    bytes[index * 4]! ^= 0x10;
    const signature = `"${bytes.toString('base64')}"`;
    const wrong = withSignature(call, fieldOf({ ...parameters, signature }));
    return { name: `bit of byte ${index * 4}`, call: wrong, code: 'signature-invalid' };
  });
}

/** The right signature of another text. */
function otherTexts(key: TestKey): Wrong[] {
  const edits: Readonly<Record<string, (text: string) => string>> = {
    'with a line feed at the end': text => `${text}\n`,
    'with carriage returns': text => text.replaceAll('\n', '\r\n'),
    'with an upper-case method': text => text.replace(': post', ': POST'),
    'without the method': text => text.replace(': post ', ': '),
    'with the whole URI': text => text.replace('/transfers', 'https://api.bank.example/transfers'),
    'without the query': text => text.replace('?a=1', ''),
    'without spaces behind colons': text => text.replaceAll(': ', ':'),
    'with upper-case names': text => text.replace('digest:', 'Digest:'),
    'without its last line': text => text.slice(0, text.lastIndexOf('\n')),
    'with the lines in another order': text => text.split('\n').reverse().join('\n'),
    'with spaces for line feeds': text => text.replaceAll('\n', ' '),
    'with the body': text => text + BODY.toString(),
    'of nothing': () => '',
    'of its digest': text => Buffer.from(text).toString('base64'),
  };
  return Object.entries(edits).map(([name, edit]) =>
    signed(`signed ${name}`, key, { edit }, 'signature-invalid'),
  );
}

function wrongLengths(key: TestKey): Wrong[] {
  const lengths = [1, 2, 8, 31, 32, 33, 63, 64, 65, 128, 255, 256, 257, 512, 2_048];
  return [
    ...lengths.map(length => {
      const signature = Buffer.alloc(length, 0x5a).toString('base64');
      return signed(`${length} bytes`, key, { signature }, 'signature-invalid');
    }),
    ...cutAndPadded(key),
  ];
}

function cutAndPadded(key: TestKey): Wrong[] {
  const edits: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
    'without its last byte': bytes => bytes.subarray(0, -1),
    'without its first byte': bytes => bytes.subarray(1),
    'its first half': bytes => bytes.subarray(0, bytes.length / 2),
    'with a zero behind it': bytes => Buffer.concat([bytes, Buffer.of(0)]),
    'with a zero before it': bytes => Buffer.concat([Buffer.of(0), bytes]),
    'twice over': bytes => Buffer.concat([bytes, bytes]),
    'all zeros': bytes => Buffer.alloc(bytes.length),
    'all ones': bytes => Buffer.alloc(bytes.length, 0xff),
    backwards: bytes => Buffer.from(bytes).reverse(),
  };
  return Object.entries(edits).map(([name, edit]) => {
    const call = withFields(POST);
    const parameters = parametersOf(call, key);
    const bytes = edit(Buffer.from(parameters.signature!, 'base64'));
    const field = fieldOf({ ...parameters, signature: `"${bytes.toString('base64')}"` });
    return { name, call: withSignature(call, field), code: 'signature-invalid' };
  });
}

function dates(key: TestKey): Wrong[] {
  const at = (date: string) => ({ ...POST, headers: ['date', date] });
  const good = dateOf(NOW * 1_000);
  const late = [-61, -120, -3_600, -86_400, -(10 ** 8), 6, 60, 3_600, 10 ** 8];
  const edits: [string, string][] = [
    ['a wrong weekday', good.replace('Fri', 'Sat')],
    ['no weekday', good.slice(5)],
    ['a long weekday', good.replace('Fri', 'Friday')],
    ['a lower-case weekday', good.replace('Fri', 'fri')],
    ['UTC', good.replace('GMT', 'UTC')],
    ['an offset', good.replace('GMT', '+0000')],
    ['another zone', good.replace('GMT', 'CET')],
    ['no zone', good.slice(0, -4)],
    ['a short day', good.replace('15 Jan', '5 Jan').replace('Fri', 'Tue')],
    ['a short year', good.replace('2027', '27')],
    ['a comment', `${good} (now)`],
    ['RFC 850', 'Friday, 15-Jan-27 08:00:00 GMT'],
    ['asctime', 'Fri Jan 15 08:00:00 2027'],
    ['ISO 8601', '2027-01-15T08:00:00Z'],
    ['seconds', String(NOW)],
    ['a day that is none', good.replace('15 Jan', '31 Feb')],
    ['an hour that is none', good.replace('08:', '24:')],
    ['a second that is none', good.replace(':00 GMT', ':61 GMT')],
    ['two spaces', good.replace(', ', ',  ')],
    ['a dash', good.replace(' Jan ', '-Jan-')],
    ['no time', 'Fri, 15 Jan 2027'],
    ['nothing', ''],
    ['words', 'now'],
  ];
  return [
    ...late.map(seconds => {
      const unsigned = at(dateOf((NOW + seconds) * 1_000));
      return signed(`Date at ${seconds} s`, key, {}, 'signature-expired', unsigned);
    }),
    ...edits.map(([name, date]) =>
      signed(`Date with ${name}`, key, {}, 'signature-malformed', at(date)),
    ),
  ];
}

function times(key: TestKey): Wrong[] {
  const algorithm = 'hs2019';
  const created = String(NOW);
  const late = [-61, -3_600, -(10 ** 9), 6, 60, 10 ** 9];
  const numbers = ['', '-1', '+1', '1e9', '01800000000', '1800000000.5', '1800000000000', 'now'];
  const both = (expires: number) => ({ created, expires: String(expires), algorithm });
  const missing = (name: string) => `(request-target) date digest (${name})`;
  const prefixed = key === ED25519 ? [] : [undefined];
  return [
    ...late.map(seconds => {
      const signing = { created: String(NOW + seconds), algorithm };
      return signed(`created at ${seconds} s`, key, signing, 'signature-expired');
    }),
    ...[...numbers, `"${NOW}"`, '0x6b49d200'].flatMap(text => [
      signed(`created ${text}`, key, { created: text, algorithm }, 'signature-malformed'),
      signed(`expires ${text}`, key, { expires: text, algorithm }, 'signature-malformed'),
    ]),
    signed('an uncovered created ahead', key, future(algorithm), 'signature-expired'),
    signed('expires before created', key, both(NOW - 1), 'signature-malformed'),
    signed('expires in 1970', key, { expires: '1', algorithm }, 'signature-expired'),
    signed('no created', key, { algorithm, headers: missing('created') }, 'signature-malformed'),
    signed('no expires', key, { algorithm, headers: missing('expires') }, 'signature-malformed'),
    ...prefixed.flatMap(() => [
      signed('(created) of draft 10', key, { created }, 'signature-malformed'),
      signed('(expires) of draft 10', key, { expires: String(NOW + 9) }, 'signature-malformed'),
    ]),
  ];
}

function future(algorithm: string): Signing {
  return { created: String(NOW + 6), algorithm, headers: '(request-target) date digest' };
}

function keys(key: TestKey): Wrong[] {
  const own = parametersOf(withFields(POST), key).algorithm!.slice(1, -1);
  const kinds = ['rsa-sha256', 'hmac-sha256', 'ed25519'].filter(name => name !== own);
  const unknown = ['', 'none', 'rsa-sha1', 'rsa-sha512', 'hmac-sha512', 'ecdsa-sha256', 'HS2019'];
  const more = ['rsa', own.toUpperCase(), `${own} `, 'rsa-v1_5-sha256', 'RS256', 'hs2020'];
  const ids: [string, string][] = [
    ['revoked', 'key-inactive'],
    ['ended', 'key-inactive'],
    ['later', 'key-inactive'],
    ['suspended', 'app-inactive'],
    ['left', 'app-inactive'],
    ['other-scheme', 'signature-scheme'],
    ['another', 'signature-invalid'],
  ];
  return [
    ...[...kinds, ...unknown, ...more].map(algorithm =>
      signed(`algorithm "${algorithm}"`, key, { algorithm }, 'signature-algorithm'),
    ),
    ...['pss', 'ecdsa'].flatMap(keyId =>
      [null, 'hs2019', own].map(algorithm =>
        signed(`${keyId}, ${algorithm}`, key, { keyId, algorithm }, 'signature-algorithm'),
      ),
    ),
    signed('a key of another kind', key, { keyId: 'other-kind' }, 'signature-algorithm'),
    ...[null, 'hs2019'].map(algorithm => {
      const signing = { keyId: 'other-kind', algorithm };
      return signed(`another kind, ${algorithm}`, key, signing, 'signature-invalid');
    }),
    ...['key-9', 'KEY-1', ' key-1', 'key-1 ', '../key-1', 'key-1%00', 'app-1'].map(keyId =>
      signed(`keyId "${keyId}"`, key, { keyId }, 'key-unknown'),
    ),
    ...ids.map(([keyId, code]) => signed(`a key that is ${keyId}`, key, { keyId }, code)),
    ...publicKeyAsSecret(key),
  ];
}

/** Who knows the public key must not be able to sign with it. */
function publicKeyAsSecret(key: TestKey): Wrong[] {
  if (key !== RSA && key !== ED25519) return [];
  const pem = `-----BEGIN PUBLIC KEY-----\n${Buffer.from(key.material).toString('base64')}`;
  return [key.material, Buffer.from(pem)].flatMap((secret, index) =>
    [null, 'hs2019', 'hmac-sha256'].map(algorithm => {
      const call = withFields(POST);
      let mac = '';
      const edit = (text: string) => {
        mac = createHmac('sha256', secret).update(text).digest('base64');
        return text;
      };
      const parameters = parametersOf(call, key, { algorithm, edit });
      const wrong = withSignature(call, fieldOf({ ...parameters, signature: `"${mac}"` }));
      const code = algorithm === 'hmac-sha256' ? 'signature-algorithm' : 'signature-invalid';
      return { name: `the public key as secret ${index}, ${algorithm}`, call: wrong, code };
    }),
  );
}

function coverage(key: TestKey): Wrong[] {
  const posts = [
    ...['date', 'host', 'digest', '(request-target)', '(request-target) date', 'host date'],
    ...['(request-target) host date', 'x-request-id date', 'digest x-request-id'],
    ...['(request-target) digest', '(request-target) host digest', 'content-digest date'],
  ];
  const gets = ['date', 'host date', 'x-request-id date', '(request-target)', 'date x-request-id'];
  const code = 'signature-coverage';
  const created = String(NOW);
  const late = { created, algorithm: 'hs2019' };
  return [
    ...posts.map(headers => signed(`POST over ${headers}`, key, { headers }, code)),
    ...gets.map(headers => signed(`GET over ${headers}`, key, { headers }, code, GET)),
    signed('POST without headers', key, { headers: null }, code),
    signed('GET without headers', key, { headers: null }, code, GET),
    signed('POST without headers, created', key, { ...late, headers: null }, code),
    signed('GET over (created)', key, { ...late, headers: '(created)' }, code, GET),
    signed('POST over (created)', key, { ...late, headers: '(request-target) (created)' }, code),
    signed('GET over host (created)', key, { ...late, headers: 'host (created)' }, code, GET),
  ];
}

/** Taken from one call and put on another. */
function moved(key: TestKey): Wrong[] {
  const replaced = (name: string, value: string) => (call: Call) => {
    const at = call.headers.indexOf(name);
    return { ...call, headers: call.headers.with(at + 1, value) };
  };
  const edits: [string, (call: Call) => Call, string][] = [
    ['another method', call => ({ ...call, method: 'PUT' }), 'signature-invalid'],
    ['another path', call => ({ ...call, path: '/transfers/v1' }), 'signature-invalid'],
    ['a path in capitals', call => ({ ...call, path: '/TRANSFERS/v1' }), 'signature-invalid'],
    ['no query', call => ({ ...call, query: '' }), 'signature-invalid'],
    ['an empty query', call => ({ ...call, query: '?' }), 'signature-invalid'],
    ['a longer query', call => ({ ...call, query: '?a=1&b=1' }), 'signature-invalid'],
    ['another body', call => ({ ...call, body: Buffer.from('{}') }), 'digest-mismatch'],
    ['a shorter body', call => ({ ...call, body: BODY.subarray(1) }), 'digest-mismatch'],
    ['no body', call => ({ ...call, body: Buffer.alloc(0) }), 'digest-mismatch'],
    ['another Date', replaced('date', dateOf(NOW * 1_000 - 1_000)), 'signature-invalid'],
    ['another x-request-id', replaced('x-request-id', 'other-id'), 'signature-invalid'],
    ['an empty x-request-id', replaced('x-request-id', ''), 'signature-invalid'],
    ['another authority', call => ({ ...call, authority: 'x.example' }), 'malformed-request'],
  ];
  return edits.map(([name, edit, code]) => ({
    name: `moved to ${name}`,
    call: edit(signCavage(POST, key)),
    code,
  }));
}

/** Covered headers taken away, or with a line more. */
function lines(key: TestKey): Wrong[] {
  const malformed = 'signature-malformed';
  const twice: [string, string][] = [
    ['x-request-id', 'signature-invalid'],
    ['date', malformed],
    ['digest', 'digest-mismatch'],
  ];
  return [
    ...['x-request-id', 'date', 'digest'].map(name => {
      const call = signCavage(POST, key);
      const headers = call.headers.toSpliced(call.headers.indexOf(name), 2);
      return { name: `without ${name}`, call: { ...call, headers }, code: malformed };
    }),
    ...twice.map(([name, code]) => {
      const call = signCavage(POST, key);
      const value = call.headers[call.headers.indexOf(name) + 1]!;
      return { name: `${name} twice`, call: extended(call, name, value), code };
    }),
    ...['', 'x'].map(value => ({
      name: `x-request-id with a line "${value}" more`,
      call: extended(signCavage(POST, key), 'x-request-id', value),
      code: 'signature-invalid',
    })),
  ];
}

function extended(call: Call, name: string, value: string): Call {
  return { ...call, headers: [...call.headers, name, value] };
}

function replays(key: TestKey): Wrong[] {
  const code = 'signature-replayed';
  const make = (edit: (call: Call, text: string) => Call) => {
    const call = withFields(POST);
    const text = fieldOf(parametersOf(call, key));
    return { first: withSignature(call, text), call: edit(call, text), code };
  };
  return [
    { name: 'sent twice', ...make(withSignature) },
    {
      name: 'sent again in the other field',
      ...make((call, text) => withAuthorization(call, `Signature ${text}`)),
    },
    {
      name: 'sent again with another header',
      ...make((call, text) => extended(withSignature(call, text), 'accept', 'text/html')),
    },
    {
      name: 'sent again with another parameter',
      ...make((call, text) => withSignature(call, `${text},opaque="1"`)),
    },
  ];
}

export function wrongCalls(key: TestKey): Wrong[] {
  const tables = [
    ...[bitFlips, otherTexts, wrongLengths, dates, times, keys, coverage, moved, lines, replays],
    ...[wrongForms, wrongDigests],
  ];
  return tables.flatMap(make => make(key));
}
