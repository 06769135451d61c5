/** Wrong values of Digest (RFC 3230), all of them signed as they are. */
import { createHash } from 'node:crypto';
import { contentDigest, type TestKey } from '../signed-call.ts';
import { digestOf, signCavage } from './cavage-call.ts';
import { BODY, GET, POST, type Wrong } from './wrong-call.ts';

const CODE = 'digest-mismatch';
const hashOf = (algorithm: string, body: Buffer = BODY) =>
  createHash(algorithm).update(body).digest();

function values(): [string, string][] {
  const good = digestOf(BODY);
  const sha256 = hashOf('sha256');
  const base64 = sha256.toString('base64');
  return [
    ['nothing', ''],
    ['a name', 'SHA-256'],
    ['a name and nothing', 'SHA-256='],
    ['nothing and a digest', `=${base64}`],
    ['the digest alone', base64],
    ['the form of RFC 9530', contentDigest(BODY)],
    ['quotes', `SHA-256="${base64}"`],
    ['hexadecimal digits', `SHA-256=${sha256.toString('hex')}`],
    ['base64url', `SHA-256=${Buffer.alloc(32, 0xff).toString('base64url')}=`],
    ['no padding', good.replace(/=$/, '')],
    ['padding twice', `${good}=`],
    ['bits left over', `SHA-256=${base64.slice(0, -2)}${base64.at(-2) === 'B' ? 'D' : 'B'}=`],
    ['a space in it', good.replace('=', '= ')],
    ['a space before =', good.replace('=', ' =')],
    ['a semicolon', good.replace('=', ';')],
    ['a comma behind it', `${good},`],
    ['a comma before it', `,${good}`],
    ['something behind it', `${good} x`],
    ['it twice', `${good},${good}`],
    ['it twice in other letters', `${good}, ${good.replace('SHA', 'sha')}`],
    ['MD5 alone', `MD5=${hashOf('md5').toString('base64')}`],
    ['SHA alone', `SHA=${hashOf('sha1').toString('base64')}`],
    ['SHA-384 alone', `SHA-384=${hashOf('sha384').toString('base64')}`],
    ['a checksum alone', 'UNIXsum=30637'],
    ['a name with a letter more', good.replace('SHA-256', 'SHA-256x')],
    ['another name of SHA-256', good.replace('SHA-256', 'SHA256')],
    ['the digest of another body', digestOf(Buffer.from('{}'))],
    ['the digest of no body', digestOf(Buffer.alloc(0))],
    ['zeros', `SHA-256=${Buffer.alloc(32).toString('base64')}`],
    ['a digest cut short', `SHA-256=${sha256.subarray(0, 16).toString('base64')}`],
    ['SHA-256 under SHA-512', `SHA-512=${base64}`],
    ['SHA-512 under SHA-256', `SHA-256=${hashOf('sha512').toString('base64')}`],
    ['SHA-512 of another body', digestOf(Buffer.from('{}'), 'SHA-512')],
    ['one right and one wrong', `${good},${digestOf(Buffer.from('{}'), 'SHA-512')}`],
    ['one wrong and one right', `${digestOf(Buffer.from('{}'))},${digestOf(BODY, 'SHA-512')}`],
    ['too much', `${good},MD5=${'A'.repeat(1_024)}`],
  ];
}

export function wrongDigests(key: TestKey): Wrong[] {
  const target = { headers: '(request-target) date digest' };
  return [
    ...values().map(([name, digest]) => ({
      name: `Digest with ${name}`,
      call: signCavage({ ...POST, headers: ['digest', digest] }, key),
      code: CODE,
    })),
    ...[digestOf(BODY), 'SHA-256=', 'MD5=1B2M2Y8AsgTpgAmY7PhCfg=='].map(digest => ({
      name: `no body and ${digest}`,
      call: signCavage({ ...GET, headers: ['digest', digest] }, key, target),
      code: CODE,
    })),
    {
      name: 'no body and no Digest that is covered',
      call: signCavage(GET, key, target),
      code: 'signature-malformed',
    },
  ];
}
