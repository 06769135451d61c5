/** Wrong detached signatures: of other calls, and used again. */
import type { Call, TestKey } from '../signed-call.ts';
import { bound, ES256, fieldOf, type Header, headerFor, signJws, withField } from './jws-call.ts';
import { BODY, COVERAGE, GET, INVALID, POST, REPLAYED, type Wrong, wrong } from './wrong-call.ts';
import { bytesOf, numberOf, ORDER } from './wrong-signatures.ts';

const METHODS = ['PUT', 'post', 'Post', 'POST ', ' POST', 'POST,PUT', 'GET', '*'];
/** In the place of https://api.bank.example/transfers/v1/transfers?a=1&b=2. */
const URIS = [
  'http://api.bank.example/transfers/v1/transfers?a=1&b=2',
  'HTTPS://api.bank.example/transfers/v1/transfers?a=1&b=2',
  'https://API.bank.example/transfers/v1/transfers?a=1&b=2',
  'https://api.bank.example:443/transfers/v1/transfers?a=1&b=2',
  'https://api.bank.example:8443/transfers/v1/transfers?a=1&b=2',
  'https://api.bank.example./transfers/v1/transfers?a=1&b=2',
  'https://user@api.bank.example/transfers/v1/transfers?a=1&b=2',
  'https://www.bank.example/transfers/v1/transfers?a=1&b=2',
  'https://api.bank.example/transfers/v1/transfers',
  'https://api.bank.example/transfers/v1/transfers?',
  'https://api.bank.example/transfers/v1/transfers?a=1',
  'https://api.bank.example/transfers/v1/transfers?b=2&a=1',
  'https://api.bank.example/transfers/v1/transfers?a=1&b=2&',
  'https://api.bank.example/transfers/v1/transfers?a=1&b=2#x',
  'https://api.bank.example/transfers/v1/transfers?a=1&b=%32',
  'https://api.bank.example/transfers/v1/transfers/?a=1&b=2',
  'https://api.bank.example/transfers/v1/%74ransfers?a=1&b=2',
  'https://api.bank.example//transfers/v1/transfers?a=1&b=2',
  'https://api.bank.example/x/../transfers/v1/transfers?a=1&b=2',
  'https://api.bank.example/Transfers/v1/transfers?a=1&b=2',
  'https://api.bank.example/',
  'https://api.bank.example',
  '/transfers/v1/transfers?a=1&b=2',
  '//api.bank.example/transfers/v1/transfers?a=1&b=2',
  ' https://api.bank.example/transfers/v1/transfers?a=1&b=2',
  '*',
];

function boundRows(key: TestKey): Wrong[] {
  const own = bound(POST);
  return [
    ...METHODS.flatMap(htm => [
      wrong(`htm ${htm}`, key, { htm }, COVERAGE),
      wrong(`htm ${htm} with htu`, key, { ...own, htm }, COVERAGE),
    ]),
    ...URIS.flatMap(htu => [
      wrong(`htu ${htu}`, key, { htu }, COVERAGE),
      wrong(`htu ${htu} with htm`, key, { ...own, htu }, COVERAGE),
    ]),
  ];
}

/** A good call, changed on its way. */
function movedRows(key: TestKey): Wrong[] {
  const moved = (name: string, signed: Call, changes: Partial<Call>, code: string): Wrong => ({
    name: `then ${name}`,
    call: { ...signed, ...changes },
    code,
  });
  const post = signJws(POST, key, bound(POST));
  const get = signJws(GET, key, bound(GET));
  const nothing = Buffer.alloc(0);
  return [
    moved('another method', post, { method: 'PUT' }, COVERAGE),
    moved('another path', post, { path: '/transfers/v1/transfers/1' }, COVERAGE),
    moved('another query', post, { query: '?a=1&b=3' }, COVERAGE),
    moved('no query', post, { query: '' }, COVERAGE),
    moved('over http', post, { scheme: 'http' }, COVERAGE),
    moved('to another gateway', post, { authority: 'www.bank.example' }, 'malformed-request'),
    moved('without its body', post, { body: nothing }, INVALID),
    moved('unbound and without its body', signJws(POST, key), { body: nothing }, COVERAGE),
    moved('GET with another query', get, { query: '?limit=1000' }, COVERAGE),
    moved('GET as HEAD', get, { method: 'HEAD' }, COVERAGE),
    moved('GET as DELETE', get, { method: 'DELETE' }, COVERAGE),
    moved('GET with a body', get, { body: BODY }, INVALID),
    moved('GET with a body of one byte', get, { body: Buffer.of(0) }, INVALID),
  ];
}

function bodilessRows(key: TestKey): Wrong[] {
  const { htm, htu } = bound(GET);
  const headers: Record<string, Header> = {
    ...{ 'nothing of the call': {}, 'htm alone': { htm }, 'htu alone': { htu } },
    ...{ 'another htm': { htm: 'POST', htu }, 'another htu': { htm, htu: `${htu}&a=1` } },
    ...{ 'htu without the query': { htm, htu: `${htu}`.split('?')[0] } },
    ...{ 'names in capitals': { HTM: htm, HTU: htu } },
    ...{ raw: { b64: false, crit: ['b64'] }, 'what crit names': { htm, crit: ['htm'] } },
  };
  return Object.entries(headers).map(([name, header]) => ({
    name: `no body, and ${name}`,
    call: signJws(GET, key, header),
    code: COVERAGE,
  }));
}

function replayRows(key: TestKey): Wrong[] {
  const field = fieldOf(key, headerFor(key, bound(POST)), BODY);
  const open = fieldOf(key, headerFor(key), BODY);
  const again = (name: string, call: Call, first: Call): Wrong => {
    return { name, call, first, code: REPLAYED };
  };
  const signed = withField(POST, field);
  const get = signJws(GET, key, bound(GET));
  return [
    again('again', signed, signed),
    again('again, without a body', get, get),
    again(
      'again, with a header more',
      { ...signed, headers: [...signed.headers, 'x-a', '1'] },
      signed,
    ),
    again('again, under its port', { ...signed, authority: 'api.bank.example:443' }, signed),
    again(
      'again, to another path',
      { ...withField(POST, open), path: '/x' },
      withField(POST, open),
    ),
    again('again, as PUT', { ...withField(POST, open), method: 'PUT' }, withField(POST, open)),
    ...(key === ES256 ? turnedRows(field) : []),
  ];
}

/** Of r and s, the order less s is as good as s: everybody can make the one of the other. */
function turnedRows(field: string): Wrong[] {
  const end = field.indexOf('..') + 2;
  const made = Buffer.from(field.slice(end), 'base64url');
  const s = bytesOf(ORDER - numberOf(made.subarray(32)), 32);
  const turned = Buffer.concat([made.subarray(0, 32), s]).toString('base64url');
  const [own, other] = [withField(POST, field), withField(POST, field.slice(0, end) + turned)];
  return [
    { name: 'again, with s turned round', call: other, first: own, code: REPLAYED },
    { name: 'turned round, then as it was', call: own, first: other, code: REPLAYED },
  ];
}

export function targetRows(key: TestKey): Wrong[] {
  return [boundRows, movedRows, bodilessRows, replayRows].flatMap(make => make(key));
}
