/** Fields that are no signature by draft-cavage, or two of them. */
import { type Call, call, signCall, type TestKey } from '../signed-call.ts';
import {
  fieldOf,
  parametersOf,
  type Signing,
  signCavage,
  withAuthorization,
  withFields,
  withSignature,
} from './cavage-call.ts';
import { GET, POST, type Wrong } from './wrong-call.ts';

const MALFORMED = 'signature-malformed';
type Edit = (text: string) => string;

/** Of Signature alone: check-signature.ts takes no such Authorization, whatever its scheme. */
const ODD: [string, Edit][] = [
  ['a control character', text => text.replace('"key-1"', '"key-1\x01"')],
  ['other than ASCII', text => text.replace('"key-1"', '"këy-1"')],
  ['base64 with a line feed', text => text.replace('signature="', 'signature="\n')],
];

const LISTS: [string, Edit][] = [
  ['nothing', () => ''],
  ['words', () => 'hello'],
  ['a comma at the end', text => `${text},`],
  ['a comma at the start', text => `,${text}`],
  ['two commas', text => text.replace(',', ',,')],
  ['semicolons', text => text.replaceAll('",', '";')],
  ['no commas', text => text.replaceAll('",', '"')],
  ['colons', text => text.replace('keyId=', 'keyId:')],
  ['an open quote', text => text.slice(0, -1)],
  ['an open quote in the middle', text => text.replace('"key-1"', '"key-1')],
  ['a quote too much', text => text.replace('"key-1"', '"key-1""')],
  ['single quotes', text => text.replace('"key-1"', "'key-1'")],
  ['bare keyId', text => text.replace('"key-1"', 'key-1')],
  ['bare algorithm', text => text.replace(/algorithm="([^"]*)"/, 'algorithm=$1')],
  ['bare headers', text => text.replace(/headers="[^"]*"/, 'headers=date')],
  ['bare signature', text => text.replace(/signature="[^"]*"/, 'signature=AAAA')],
  ['an escape', text => text.replace('"key-1"', '"key\\-1"')],
  ['an escape at the end', text => `${text.slice(0, -1)}\\"`],
  ['text behind it', text => `${text} x`],
  ['a parameter without a value', text => `${text},opaque=`],
  ['a parameter without a name', text => `${text},="x"`],
  ['a name without a parameter', text => `${text},opaque`],
  ['too much of it', text => `${text},opaque="${'x'.repeat(8_192)}"`],
  ['no keyId', text => text.replace(/keyId="[^"]*",/, '')],
  ['an empty keyId', text => text.replace('"key-1"', '""')],
  ['keyId in the text of another', text => text.replace('keyId="key-1"', 'opaque="keyId=1"')],
  ['no signature', text => text.replace(/,signature="[^"]*"/, '')],
  ['an empty signature', text => text.replace(/signature="[^"]*"/, 'signature=""')],
  ['base64url', text => text.replace(/signature="[^"]*"/, 'signature="__-_"')],
  ['base64 without its end', text => text.replace(/signature="[^"]*"/, 'signature="QQ"')],
  ['base64 with bits left over', text => text.replace(/signature="[^"]*"/, 'signature="QR=="')],
  ['base64 with a space', text => text.replace('signature="', 'signature=" ')],
  ['colons around base64', text => text.replace(/signature="([^"]*)"/, 'signature=":$1:"')],
  ['a star', text => text.replace(/signature="[^"]*"/, 'signature="*"')],
  ['more bytes than any', text => text.replace(/signature="[^"]*"/, long())],
];

function long(): string {
  return `signature="${Buffer.alloc(2_049, 1).toString('base64')}"`;
}

const DUPLICATES: Edit[] = ['keyId', 'algorithm', 'headers', 'signature'].flatMap(name => [
  text => `${text},${name}="key-1"`,
  text => `${name.toUpperCase()}="key-1",${text}`,
]);

const HEADERS: [string, string][] = [
  ['empty', ''],
  ['one space', ' '],
  ['upper case', '(request-target) Date digest'],
  ['two spaces', '(request-target)  date digest'],
  ['a space at the start', ' (request-target) date digest'],
  ['a space at the end', '(request-target) date digest '],
  ['commas', '(request-target),date,digest'],
  ['colons', '(request-target): date: digest:'],
  ['a name twice', '(request-target) date digest date'],
  ['the target twice', '(request-target) (request-target) date digest'],
  ['a target in capitals', '(Request-Target) date digest'],
  ['an open bracket', '(request-target date digest'],
  ['an unknown name in brackets', '(response-status) date digest'],
  ['a name of RFC 9421', '@method date digest'],
  ['a name that is none', 'da[te] date digest'],
  ['a header that is not there', '(request-target) date digest x-not-there'],
];

/** 33 names, and all of them in the request. */
const NAMES = Array.from({ length: 31 }, (_, index) => `x-${index}`);
const LONG = { ...POST, headers: NAMES.flatMap(name => [name, '1']) };
const LONG_LIST: Signing = { headers: `date digest ${NAMES.join(' ')}` };

function edited(key: TestKey, name: string, edit: Edit, carry = withSignature): Wrong {
  const unsigned = withFields(POST);
  const text = edit(fieldOf(parametersOf(unsigned, key)));
  return { name, call: carry(unsigned, text), code: MALFORMED };
}

function carriers(key: TestKey): Wrong[] {
  const text = (unsigned: Call) => fieldOf(parametersOf(unsigned, key));
  const make = (name: string, edit: (unsigned: Call) => Call, code = MALFORMED): Wrong => {
    return { name, call: edit(withFields(POST)), code };
  };
  const lone = (unsigned: Call) => {
    const { headers } = signCall(unsigned, { key });
    return { ...unsigned, headers: headers.toSpliced(headers.indexOf('signature-input'), 2) };
  };
  return [
    make('Signature twice', unsigned => {
      const value = text(unsigned);
      return withSignature(withSignature(unsigned, value), value);
    }),
    make('Signature and an empty one', unsigned =>
      withSignature(withSignature(unsigned, text(unsigned)), ''),
    ),
    make('both fields', unsigned => {
      const value = text(unsigned);
      return withAuthorization(withSignature(unsigned, value), `Signature ${value}`);
    }),
    make(
      'Authorization twice',
      unsigned => {
        const value = `Signature ${text(unsigned)}`;
        return withAuthorization(withAuthorization(unsigned, value), value);
      },
      'malformed-request',
    ),
    make(
      'a bearer token before it',
      unsigned =>
        withAuthorization(withAuthorization(unsigned, 'Bearer x'), `Signature ${text(unsigned)}`),
      'malformed-request',
    ),
    make(
      'a bearer token behind it',
      unsigned =>
        withAuthorization(withAuthorization(unsigned, `Signature ${text(unsigned)}`), 'Bearer x'),
      'malformed-request',
    ),
    make('two signatures in one line', unsigned =>
      withSignature(unsigned, `${text(unsigned)}, ${text(unsigned)}`),
    ),
    make('RFC 9421 without Signature-Input', lone),
    ...['Signature', 'Signature ', 'Signature\t', 'Signature,', 'Signature="x"'].map(value =>
      make(`Authorization: ${value}`, unsigned => withAuthorization(unsigned, value)),
    ),
    make('a tab behind the name', unsigned =>
      withAuthorization(unsigned, `Signature\t${text(unsigned)}`),
    ),
  ];
}

function values(key: TestKey): Wrong[] {
  const headers = '(request-target) date digest x-note';
  const of = (name: string, note: string, code: string): Wrong => ({
    name: `covered: ${name}`,
    call: signCavage({ ...POST, headers: ['x-note', note] }, key, { headers }),
    code,
  });
  return [
    of('a letter beyond ASCII', 'é', 'malformed-request'),
    of('a no-break space', 'a\u00a0b', 'malformed-request'),
    of('a line feed', 'a\nhost: b', 'malformed-request'),
    of('a control character', 'a\x7f', 'malformed-request'),
    of('more than can be signed', 'x'.repeat(65_536), MALFORMED),
  ];
}

export function wrongForms(key: TestKey): Wrong[] {
  const signing = (headers: string): Signing => ({ headers });
  const target = { headers: '(request-target) date x-not-there' };
  return [
    ...[...ODD, ...LISTS].map(([name, edit]) => edited(key, `Signature with ${name}`, edit)),
    ...LISTS.slice(2).map(([name, edit]) => {
      const inAuthorization: Edit = text => `Signature ${edit(text)}`;
      return edited(key, `Authorization with ${name}`, inAuthorization, withAuthorization);
    }),
    ...DUPLICATES.map((edit, index) => edited(key, `duplicate ${index}`, edit)),
    ...['created', 'expires'].map(name =>
      edited(key, `${name} twice`, text => `${text},${name}=1800000001,${name}=1800000001`),
    ),
    ...HEADERS.map(([name, headers]) => ({
      name: `headers: ${name}`,
      call: signCavage(POST, key, signing(headers)),
      code: MALFORMED,
    })),
    { name: 'headers: 33 names', call: signCavage(LONG, key, LONG_LIST), code: MALFORMED },
    {
      name: 'GET over a header that is not there',
      call: signCavage(call({ ...GET }), key, target),
      code: MALFORMED,
    },
    ...carriers(key),
    ...values(key),
  ];
}
