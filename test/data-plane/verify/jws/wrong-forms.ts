/** Wrong detached signatures: what is not in the form of RFC 7515 appendix F. */
import type { TestKey } from '../signed-call.ts';
import { encode, fieldOf, headerFor, withField } from './jws-call.ts';
import { BODY, field, MALFORMED, POST, type Wrong } from './wrong-call.ts';

const HEADER_MAX_CHARS = 2_048;
const FIELD_MAX_CHARS = 8_192;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** No header, whatever the bytes are signed with. */
const NO_HEADER: readonly [string, Buffer][] = [
  ['nothing', Buffer.of()],
  ['text', Buffer.from('{}x')],
  ['an array', Buffer.from('[]')],
  ['an array of a header', Buffer.from('[{"alg":"ES256","kid":"key-1"}]')],
  ['null', Buffer.from('null')],
  ['a string', Buffer.from('"x"')],
  ['a number', Buffer.from('1')],
  ['true', Buffer.from('true')],
  ['cut off', Buffer.from('{"alg":"ES256"')],
  ['with a comma too much', Buffer.from('{"kid":"key-1",}')],
  ['in single quotes', Buffer.from("{'kid':'key-1'}")],
  ['with a comment', Buffer.from('{"kid":"key-1"/**/}')],
  ['two of them', Buffer.from('{}{}')],
  ['with a line feed in a text', Buffer.from('{"kid":"key\n1"}')],
  ['not UTF-8', Buffer.from('ff', 'hex')],
  ['with a byte that no UTF-8 has', Buffer.from('{"kid":"key-1\xff"}', 'latin1')],
  ['with an overlong quote', Buffer.from('{"kid":\xc0\xa2key-1"}', 'latin1')],
  ['with half a surrogate pair', Buffer.from('{"kid":"\xed\xa0\x80"}', 'latin1')],
  ['with half a character', Buffer.from('{"kid":"\xe6\x98"}', 'latin1')],
  ['with a byte order mark', Buffer.from('\ufeff{"kid":"key-1"}')],
  ['in UTF-16', Buffer.from('{"kid":"key-1"}', 'utf16le')],
  ['zeros', Buffer.alloc(32)],
  ['deep', Buffer.from(`${'['.repeat(1_400)}${']'.repeat(100)}`)],
];

/** The same bytes in other letters: bits of the last one that nobody reads. */
function otherwise(text: string): string {
  const last = ALPHABET.indexOf(text.at(-1)!);
  return `${text.slice(0, -1)}${ALPHABET[last + 1]}`;
}

/** A header whose base64url ends with such bits. */
function looseHeader(key: TestKey): { header: Record<string, unknown>; text: string } {
  let header = headerFor(key);
  while (encode(header).length % 4 === 0) header = { ...header, jti: `${header.jti}x` };
  return { header, text: encode(header) };
}

export function formRows(key: TestKey): Wrong[] {
  const { header, text: head } = looseHeader(key);
  const good = fieldOf(key, header, BODY);
  const signature = good.slice(head.length + 2);
  const payload = BODY.toString('base64url');
  const forms: Record<string, string> = {
    ...{ nothing: '', 'two dots': '..', 'one letter': 'x', 'the header alone': head },
    ...{ 'no signature': `${head}..`, 'no header': `..${signature}`, 'one dot': `${head}.` },
    ...{ 'a dot less': `${head}.${signature}`, 'a dot more': `${head}...${signature}` },
    'not detached': `${head}.${payload}.${signature}`,
    'a JWE': `${head}.AA.AA.AA.${signature}`,
    ...{ 'a dot behind': `${good}.`, 'a dot in front': `.${good}`, doubled: `${good}${good}` },
    ...{ 'padded signature': `${good}=`, 'padded header': `${head}=..${signature}` },
    ...{ 'two padded': `${good}==`, 'two in one': `${good},${good}`, 'a list': `${good}, x` },
    ...{ 'a space behind': `${good} `, 'a space in front': ` ${good}`, 'a tab': `${good}\t` },
    ...{ 'a space within': `${head} ..${signature}`, folded: `${head}..\r\n ${signature}` },
    ...{ quoted: `"${good}"`, 'a parameter': `${good};v=1`, 'a scheme': `JWS ${good}` },
    ...{ plus: `${good}+`, slash: `${good}/`, 'a zero': `${good}\0`, percent: `${good}%3D` },
    ...{ 'beyond ASCII': `${good}\xe9`, 'no-break space': `${good}\xa0` },
    'JSON serialization': JSON.stringify({ protected: head, signature }),
    'signature in hexadecimal and colons': `${head}..${'ab:'.repeat(32)}`,
    'signature in other letters': `${head}..${otherwise(signature)}`,
    'signature of one letter': `${head}..A`,
    'header of one letter': `A..${signature}`,
    'header in other letters': `${otherwise(head)}..${signature}`,
    'header in plain text': `${JSON.stringify(header)}..${signature}`,
    'header too long': fieldOf(key, { ...header, more: 'x'.repeat(HEADER_MAX_CHARS) }, BODY),
    'header too long by little': `${'x'.repeat(HEADER_MAX_CHARS + 4)}..${signature}`,
    'too long': `${head}..${'A'.repeat(FIELD_MAX_CHARS)}`,
    'too long by one': `${head}..`.padEnd(FIELD_MAX_CHARS + 1, 'A'),
    'very long': 'A'.repeat(1_000_000),
    'many dots': '.'.repeat(FIELD_MAX_CHARS),
  };
  const twice = withField(withField(POST, good), good);
  const emptyToo = withField(withField(POST, good), '');
  return [
    ...Object.entries(forms).map(([name, text]) => field(name, text, MALFORMED)),
    ...NO_HEADER.map(([name, bytes]) =>
      field(`header: ${name}`, `${bytes.toString('base64url')}..${signature}`, MALFORMED),
    ),
    { name: 'two fields', call: twice, code: MALFORMED },
    { name: 'two fields, one of them empty', call: emptyToo, code: MALFORMED },
  ];
}
