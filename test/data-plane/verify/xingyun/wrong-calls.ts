/** Wrong signatures of the header scheme, each with its problem. */
import { type Call, call, NOW, signBase, type TestKey } from '../signed-call.ts';
import {
  authorization,
  type Parameters,
  parametersOf,
  RSA,
  signedText,
  signXingyun,
  withAuthorization,
} from './xingyun-call.ts';

const BODY = Buffer.from('{"amount":"12.50","to":"acc-2"}');
const POST = call({ method: 'POST', path: '/transfers/v1/transfers', query: '?a=1', body: BODY });

export interface Wrong {
  readonly name: string;
  readonly call: Call;
  readonly code: string;
}

function changed(name: string, key: TestKey, changes: Partial<Parameters>, code: string): Wrong {
  return { name, call: signXingyun(POST, key, changes), code };
}

function rewritten(
  name: string,
  key: TestKey,
  edit: (text: string) => string,
  code: string,
): Wrong {
  const text = authorization(parametersOf(POST, key));
  return { name, call: withAuthorization(POST, edit(text)), code };
}

/** One bit of every fourth byte. */
function bitFlips(key: TestKey): Wrong[] {
  const good = Buffer.from(parametersOf(POST, key).signature, 'base64');
  return Array.from({ length: Math.ceil(good.length / 4) }, (_, index) => {
    const { signature, ...rest } = parametersOf(POST, key);
    const bytes = Buffer.from(signature, 'base64');
    const at = Math.min(index * 4, bytes.length - 1);
    bytes[at]! ^= 0x10;
    const text = authorization({ ...rest, signature: bytes.toString('base64') });
    const wrong = withAuthorization(POST, text);
    return { name: `bit of byte ${at}`, call: wrong, code: 'signature-invalid' };
  });
}

/** The right signature of another text. */
function otherTexts(key: TestKey): Wrong[] {
  const edits: Readonly<Record<string, (text: string) => string>> = {
    'without the last line feed': text => text.slice(0, -1),
    'with carriage returns': text => text.replaceAll('\n', '\r\n'),
    'with a lower-case method': text => text.replace('POST', 'post'),
    'with the authority': text => text.replace('/transfers', 'https://api.bank.example/transfers'),
    'without the query': text => text.replace('?a=1', ''),
    'without the body': text => text.replace(BODY.toString(), ''),
    'with one line feed more': text => `${text}\n`,
    'with the lines in another order': text => text.split('\n').reverse().join('\n'),
    'with spaces for line feeds': text => text.replaceAll('\n', ' '),
    'of nothing': () => '',
    'with the body first': text => BODY.toString() + text,
    'of its digest': text => Buffer.from(text).toString('base64'),
  };
  return Object.entries(edits).map(([name, edit]) => {
    const { signature: _, ...rest } = parametersOf(POST, key);
    const text = edit(signedText(POST, rest.timestamp, rest.nonce));
    const signature = signBase(key, text).toString('base64');
    const wrong = withAuthorization(POST, authorization({ ...rest, signature }));
    return { name: `signed ${name}`, call: wrong, code: 'signature-invalid' };
  });
}

function wrongLengths(key: TestKey): Wrong[] {
  const lengths = [1, 2, 8, 32, 63, 64, 65, 69, 128, 255, 257, 512, 1_024, 2_048];
  return lengths.map(length => {
    const signature = Buffer.alloc(length, 0x5a).toString('base64');
    return changed(`${length} bytes`, key, { signature }, 'signature-invalid');
  });
}

function times(key: TestKey): Wrong[] {
  const late = [-61, -120, -3_600, -86_400, -(10 ** 8), 6, 60, 3_600, 10 ** 8];
  const forms = ['', '0', '-1', '1e9', '180000000', '18000000000', '1800000000.0', '0x6b49d200'];
  const more = [' 1800000000', '1800000000000', '2027-01-15T08:00:00Z', '+180000000', 'now'];
  return [
    ...late.map(seconds => {
      const timestamp = String(NOW + seconds);
      return changed(`made at ${seconds} s`, key, { timestamp }, 'signature-expired');
    }),
    ...[...forms, ...more.slice(1)].map(timestamp => {
      return changed(`timestamp "${timestamp}"`, key, { timestamp }, 'signature-malformed');
    }),
  ];
}

function names(key: TestKey): Wrong[] {
  const other = key === RSA ? 'XINGYUN-SM2-SM3' : 'XINGYUN-RSA2048-SHA256';
  const unknown = ['NONE', 'RSA', 'SM2', 'RSA2048-SHA1', 'HMAC-SHA256', 'SM2-SHA256', 'RSA4096'];
  const nonces = ['short', 'x'.repeat(129), 'white space', 'com,ma12'];
  return [
    changed('of the other algorithm', key, { scheme: other }, 'signature-algorithm'),
    ...unknown.map(name => {
      return changed(`of ${name}`, key, { scheme: `XINGYUN-${name}` }, 'signature-malformed');
    }),
    ...['key-9', 'KEY-1', 'app-1', '../key-1', 'key-1%00'].map(serial => {
      return changed(`serial ${serial}`, key, { serial }, 'key-unknown');
    }),
    ...['app-2', 'APP-1', 'app-10', 'partner-1', 'key-1'].map(id => {
      return changed(`app ${id}`, key, { app_id: id }, 'key-unknown');
    }),
    ...nonces.map(nonce => changed(`nonce ${nonce}`, key, { nonce }, 'signature-malformed')),
    changed('nonce ümlaut-12', key, { nonce: 'ümlaut-12' }, 'malformed-request'),
    changed('of a key of the other kind', key, { serial: 'other-kind' }, 'signature-algorithm'),
    changed('of a key that is revoked', key, { serial: 'revoked' }, 'key-inactive'),
    changed('of a key that has ended', key, { serial: 'ended' }, 'key-inactive'),
    changed('of a key that is not valid yet', key, { serial: 'later' }, 'key-inactive'),
    changed('of a suspended app', key, { serial: 'suspended' }, 'app-inactive'),
    changed('of a partner that left', key, { serial: 'left' }, 'app-inactive'),
    changed('of a key for another scheme', key, { serial: 'other-scheme' }, 'signature-scheme'),
    changed('of another key', key, { serial: 'another' }, 'signature-invalid'),
  ];
}

function forms(key: TestKey): Wrong[] {
  const malformed = 'signature-malformed';
  const members = ['app_id', 'nonce', 'timestamp', 'serial', 'signature'];
  const edits: [string, (text: string) => string][] = [
    ['nothing but the name', text => text.split(' ')[0]!],
    ['a space and nothing', text => `${text.split(' ')[0]!} `],
    ['a comma at the end', text => `${text},`],
    ['a comma at the start', text => text.replace(' ', ' ,')],
    ['two commas', text => text.replace(',', ',,')],
    ['semicolons', text => text.replaceAll(',', ';')],
    ['colons', text => text.replaceAll('=', ':')],
    ['an unknown parameter', text => `${text},extra=1`],
    ['names in capitals', text => text.replace('app_id', 'APP_ID')],
    ['an open quote', text => text.replace('nonce=', 'nonce="')],
    ['an escape', text => text.replace('nonce=', 'nonce="\\a"')],
    ['base64url', text => text.replace(/signature=.*/, 'signature=__--')],
    ['base64 without its end', text => text.replace(/signature=.*/, 'signature=QQ')],
    ['base64 with bits left over', text => text.replace(/signature=.*/, 'signature=QR==')],
    ['a star', text => text.replace(/signature=.*/, 'signature=*')],
    ['too much of it', text => text.replace(',', `,${' '.repeat(4_096)}`)],
    ...members.map((name): [string, (text: string) => string] => [
      `no ${name}`,
      text => text.replace(new RegExp(`${name}=[^,]*,?`), '').replace(/,$/, ''),
    ]),
    ...members.map((name): [string, (text: string) => string] => [
      `an empty ${name}`,
      text => text.replace(new RegExp(`${name}=[^,]*`), `${name}=`),
    ]),
    ...members.map((name): [string, (text: string) => string] => [
      `${name} twice`,
      text => `${text},${name}=12345678`,
    ]),
  ];
  return edits.map(([name, edit]) => rewritten(name, key, edit, malformed));
}

/** Taken from one call and put on another. */
function moved(key: TestKey): Wrong[] {
  const value = () => authorization(parametersOf(POST, key));
  const parts: Partial<Call>[] = [
    { method: 'GET' },
    { method: 'PATCH' },
    { path: '/' },
    { path: '/transfers/v1/transfers/1' },
    { query: '' },
    { query: '?a=2' },
    { query: '?a=1&b=1' },
    { body: Buffer.from('{}') },
    { body: Buffer.concat([BODY, Buffer.of(0)]) },
    { body: Buffer.concat([BODY, Buffer.from('\n')]) },
    { body: BODY.subarray(1) },
    { body: Buffer.alloc(0) },
  ];
  return parts.map(part => {
    const wrong = withAuthorization({ ...POST, ...part }, value());
    return {
      name: `moved to ${JSON.stringify(part).slice(0, 40)}`,
      call: wrong,
      code: 'signature-invalid',
    };
  });
}

function two(key: TestKey): Wrong {
  const once = signXingyun(POST, key);
  const twice = withAuthorization(once, authorization(parametersOf(POST, key)));
  return { name: 'two of them', call: twice, code: 'malformed-request' };
}

export function wrongCalls(key: TestKey): Wrong[] {
  return [
    ...[bitFlips, otherTexts, wrongLengths, times, names, forms, moved].flatMap(make => make(key)),
    two(key),
  ];
}
