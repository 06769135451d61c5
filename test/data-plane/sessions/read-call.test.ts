import { Packr } from 'msgpackr/pack';
import { describe, expect, it } from 'vitest';
import { JsonCodec } from '../../../src/data-plane/sessions/json-codec.ts';
import { MsgpackCodec } from '../../../src/data-plane/sessions/msgpack-codec.ts';
import { isCallFault, readCall } from '../../../src/data-plane/sessions/read-call.ts';
import { RPC_ERROR, type RpcMessage, readMessage } from '../../../src/data-plane/sessions/rpc.ts';
import { anOperation, aSnapshot } from './operations.ts';

const snapshot = aSnapshot([
  anOperation(),
  anOperation({ id: 'sandbox.echo', method: 'POST', pathTemplate: '/sandbox/v1/echo' }),
]);
const json = new JsonCodec(32);
const msgpack = new MsgpackCodec(32);
const packr = new Packr({ useRecords: false });

function readText(text: string) {
  const message = json.decode(Buffer.from(text))!.messages[0]!;
  return readCall(snapshot, readMessage(message.value) as RpcMessage, message);
}

function read(method: string, params: object) {
  return readText(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
}

function readPacked(method: string, params: object) {
  const packed = new Uint8Array(packr.pack({ jsonrpc: '2.0', id: 1, method, params }));
  const message = msgpack.decode(packed)!.messages[0]!;
  return readCall(snapshot, readMessage(message.value) as RpcMessage, message);
}

const ECHO = { method: 'POST', path: '/sandbox/v1/echo' };
const textOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
const bodyText = (request: ReturnType<typeof read>) =>
  isCallFault(request) ? request.detail : textOf(request.body);

describe('a call by method and path', () => {
  it('stands for the request with exactly this target', () => {
    expect(read('call', { method: 'GET', path: '/accounts/v1/accounts?limit=2&x=%20' })).toEqual({
      method: 'GET',
      path: '/accounts/v1/accounts',
      query: '?limit=2&x=%20',
      headers: [],
      body: undefined,
      deadlineMs: undefined,
    });
    expect(read('call', { method: 'GET', path: '/a?' })).toMatchObject({ path: '/a', query: '?' });
    expect(read('call', { method: 'DELETE', path: '/' })).toMatchObject({ path: '/', query: '' });
  });
});

describe('a call by operation', () => {
  const call = (params: object) => read('accounts.getBalance', params);

  it('has the method and the path of the operation', () => {
    expect(call({ path: { accountId: 'acc 1' } })).toMatchObject({
      method: 'GET',
      path: '/accounts/v1/accounts/acc%201/balance',
      query: '',
    });
  });

  it('has its query in the order given, with repeated names and empty values', () => {
    const query = { to: 'b&c', from: 1, deep: ['x', true, ''], none: [], empty: '' };
    expect(call({ path: { accountId: 'a' }, query })).toMatchObject({
      query: '?to=b%26c&from=1&deep=x&deep=true&deep=&empty=',
    });
  });

  it('may have a deadline from 1 to 600,000 ms', () => {
    for (const deadlineMs of [1, 600_000]) {
      expect(call({ path: { accountId: 'a' }, deadlineMs })).toMatchObject({ deadlineMs });
    }
  });
});

describe('the body of a call', () => {
  it('is the exact text of "body", as JSON unless it says otherwise', () => {
    const body = '{ "amount": 1.10,\n "n": 12345678901234567890 }';
    const text = (more: string) =>
      `{"jsonrpc":"2.0","id":1,"method":"sandbox.echo","params":{"body":${body}${more}}}`;
    const plain = readText(text(''));
    expect(bodyText(plain)).toBe(body);
    expect(plain).toMatchObject({ headers: ['content-type', 'application/json'] });
    const typed = readText(text(',"headers":{"content-type":"application/merge-patch+json"}'));
    expect(typed).toMatchObject({ headers: ['content-type', 'application/merge-patch+json'] });
  });

  it('is the bytes of "bodyBase64", with a content type', () => {
    const headers = { 'content-type': 'application/octet-stream' };
    const bytes = Buffer.from([0, 255, 10]);
    const request = read('call', { ...ECHO, headers, bodyBase64: bytes.toString('base64') });
    expect(Buffer.from((request as { body: Uint8Array }).body).equals(bytes)).toBe(true);
    expect(bodyText(read('call', { ...ECHO, headers, bodyBase64: '' }))).toBe('');
  });

  it('may be null', () => {
    expect(bodyText(read('call', { ...ECHO, body: null }))).toBe('null');
  });

  it('in MessagePack is JSON of its value, or its bytes as they are', () => {
    expect(bodyText(readPacked('sandbox.echo', { body: { a: [1, 'x', 2n ** 60n] } }))).toBe(
      '{"a":[1,"x",1152921504606846976]}',
    );
    expect(bodyText(readPacked('sandbox.echo', { body: Buffer.from('{ "a" : 1.0 }') }))).toBe(
      '{ "a" : 1.0 }',
    );
  });

  it('in MessagePack that JSON cannot hold is refused', () => {
    for (const body of [{ deep: Buffer.from('x') }, { n: Number.NaN }]) {
      expect(readPacked('sandbox.echo', { body })).toMatchObject({ code: RPC_ERROR.invalidParams });
    }
  });
});

describe('fields of a call', () => {
  it('are kept in their order', () => {
    const headers = { 'x-b': '1', accept: 'application/json', 'x-empty': '', 'x-tab': 'a\tb' };
    expect(read('call', { ...ECHO, headers })).toMatchObject({
      headers: ['x-b', '1', 'accept', 'application/json', 'x-empty', '', 'x-tab', 'a\tb'],
    });
  });
});

const LONG = 'x'.repeat(8_193);
const FIELDS_33 = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`x-${i}`, '']));
const BINARY = { 'content-type': 'application/octet-stream' };

describe('a call is refused', () => {
  it('with not-found where no operation has its id', () => {
    for (const method of ['accounts.getbalance', 'accounts.', '.', 'a.b', 'constructor.name']) {
      expect(read(method, {})).toMatchObject({
        code: RPC_ERROR.methodNotFound,
        problem: 'not-found',
      });
    }
  });

  it.each([
    ['a member that is unknown', { ...ECHO, deadline: 5 }],
    ['a member of the prototype', JSON.parse('{"method":"GET","path":"/a","__proto__":{}}')],
    ['no method', { path: '/a' }],
    ['a method in small letters', { method: 'get', path: '/a' }],
    ['a method that is too long', { method: 'X'.repeat(33), path: '/a' }],
    ['a method with a line break', { method: 'GET\r\nX', path: '/a' }],
    ['a method that is no string', { method: ['GET'], path: '/a' }],
    ['no path', { method: 'GET' }],
    ['a path of parameters', { method: 'GET', path: { id: 1 } }],
    ['an absolute URI', { method: 'GET', path: 'http://bank.example/a' }],
    ['a path with a line break', { method: 'GET', path: '/a\r\nHost: x' }],
    ['a path with a space', { method: 'GET', path: '/a b' }],
    ['a path with a fragment', { method: 'GET', path: '/a#b' }],
    ['a dot segment', { method: 'GET', path: '/a/../b' }],
    ['an empty segment', { method: 'GET', path: '//a' }],
    ['an encoded slash', { method: 'GET', path: '/a%2Fb' }],
    ['a percent-encoding in small letters', { method: 'GET', path: '/%c3%a9' }],
    ['characters beyond ASCII', { method: 'GET', path: '/星' }],
    ['a query with a space', { method: 'GET', path: '/a?b c' }],
    ['a query that is encoded badly', { method: 'GET', path: '/a?b=%zz' }],
    ['a query apart from its path', { method: 'GET', path: '/a', query: {} }],
    ['a target that is too long', { method: 'GET', path: `/${LONG}` }],
    ['a query that is too long', { method: 'GET', path: `/a?${LONG}` }],
    ['fields that are no object', { ...ECHO, headers: [] }],
    ['fields that are null', { ...ECHO, headers: null }],
    ['a field name with a capital', { ...ECHO, headers: { Accept: 'x' } }],
    ['a field name that is empty', { ...ECHO, headers: { '': 'x' } }],
    ['a field name with a colon', { ...ECHO, headers: { 'a:b': 'x' } }],
    ['a field name that is too long', { ...ECHO, headers: { ['x'.repeat(65)]: 'x' } }],
    ['a pseudo-header', { ...ECHO, headers: { ':path': '/x' } }],
    ['a value that is no string', { ...ECHO, headers: { a: 1 } }],
    ['a value with a line break', { ...ECHO, headers: { a: 'x\r\ny: z' } }],
    ['a value with NUL', { ...ECHO, headers: { a: '\u0000' } }],
    ['a value beyond ASCII', { ...ECHO, headers: { a: 'é' } }],
    ['a value that is too long', { ...ECHO, headers: { a: LONG } }],
    ['too many fields', { ...ECHO, headers: FIELDS_33 }],
    ['both kinds of body', { ...ECHO, headers: BINARY, body: 1, bodyBase64: 'AA==' }],
    ['base64 without a content type', { ...ECHO, bodyBase64: 'AA==' }],
    ['base64 without padding', { ...ECHO, headers: BINARY, bodyBase64: 'AA' }],
    ['base64url', { ...ECHO, headers: BINARY, bodyBase64: '_-8=' }],
    ['base64 that is no string', { ...ECHO, headers: BINARY, bodyBase64: null }],
    ['base64 with a line break', { ...ECHO, headers: BINARY, bodyBase64: 'AAAA\nAAA' }],
    ['a deadline of 0', { ...ECHO, deadlineMs: 0 }],
    ['a deadline that is too long', { ...ECHO, deadlineMs: 600_001 }],
    ['a deadline with a fraction', { ...ECHO, deadlineMs: 1.5 }],
    ['a deadline that is a string', { ...ECHO, deadlineMs: '5' }],
    ['a deadline that is null', { ...ECHO, deadlineMs: null }],
  ])('with %s', (_, params) => {
    expect(read('call', params)).toEqual({
      code: RPC_ERROR.invalidParams,
      problem: 'malformed-request',
      detail: expect.any(String),
    });
  });

  it.each(
    ['connection', 'content-length', 'host', 'keep-alive', 'te', 'trailer', 'upgrade'].concat(
      'transfer-encoding',
    ),
  )('with the field %s, which is not its to set', name => {
    expect(read('call', { ...ECHO, headers: { [name]: 'x' } })).toMatchObject({
      code: RPC_ERROR.invalidParams,
    });
  });

  it.each([
    ['no parameters', {}],
    ['a method', { path: { accountId: 'a' }, method: 'GET' }],
    ['a path that is a string', { path: '/accounts' }],
    ['a parameter that is a dot segment', { path: { accountId: '..' } }],
    ['a parameter with a slash', { path: { accountId: 'a/b' } }],
    ['a parameter that is too long', { path: { accountId: LONG } }],
    ['a query that is a string', { path: { accountId: 'a' }, query: 'a=b' }],
    ['a query with an object', { path: { accountId: 'a' }, query: { a: { b: 1 } } }],
    ['a query with null', { path: { accountId: 'a' }, query: { a: null } }],
    ['a query with a list in a list', { path: { accountId: 'a' }, query: { a: [[1]] } }],
    ['a query without a name', { path: { accountId: 'a' }, query: { '': 1 } }],
    ['half a surrogate pair', { path: { accountId: 'a' }, query: { a: '\ud800' } }],
    ['a query that is too long', { path: { accountId: 'a' }, query: { a: [LONG, LONG] } }],
  ])('by operation with %s', (_, params) => {
    expect(read('accounts.getBalance', params)).toMatchObject({
      code: RPC_ERROR.invalidParams,
      problem: 'malformed-request',
    });
  });

  it('by operation with a number that has lost digits', () => {
    for (const params of ['"path":{"accountId":12345678901234567890}', '"query":{"a":1e21}']) {
      const text = `{"jsonrpc":"2.0","id":1,"method":"accounts.getBalance","params":{${params}}}`;
      expect(readText(text)).toMatchObject({ code: RPC_ERROR.invalidParams });
    }
  });

  it('without a word of what may be secret in it', () => {
    const secret = 'SECRET-1234';
    for (const params of [
      { ...ECHO, headers: { authorization: `${secret}\n` } },
      { ...ECHO, headers: BINARY, bodyBase64: secret },
      { method: 'GET', path: `/${secret}//` },
      { method: 'GET', path: '/a', deadlineMs: secret },
    ]) {
      expect((read('call', params) as { detail: string }).detail).not.toContain('SECRET');
    }
  });
});

describe('the fields of JSON-RPC', () => {
  const fault = (value: unknown) => readMessage(value);

  it.each([
    [null],
    [7],
    ['x'],
    [[]],
    [{}],
    [{ jsonrpc: '2.0' }],
    [{ jsonrpc: '1.0', method: 'call' }],
    [{ jsonrpc: 2, method: 'call' }],
    [{ jsonrpc: '2.0', method: '' }],
    [{ jsonrpc: '2.0', method: 7 }],
    [{ jsonrpc: '2.0', method: 'x'.repeat(261) }],
    [{ jsonrpc: '2.0', method: 'call', id: {} }],
    [{ jsonrpc: '2.0', method: 'call', id: 1.5 }],
    [{ jsonrpc: '2.0', method: 'call', id: 2 ** 53 }],
    [{ jsonrpc: '2.0', method: 'call', id: 'x'.repeat(65) }],
    [{ jsonrpc: '2.0', method: 'call', id: true }],
    [{ jsonrpc: '2.0', method: 'call', id: null }],
    [{ jsonrpc: '2.0', method: 'call', id: 9n }],
  ])('%o is no request', value => {
    expect(fault(value)).toMatchObject({ code: RPC_ERROR.invalidRequest, id: null });
  });

  it('params that are no object are refused under the id of the call', () => {
    for (const params of [[], null, 'x', 7]) {
      expect(fault({ jsonrpc: '2.0', id: 'a', method: 'call', params })).toMatchObject({
        code: RPC_ERROR.invalidParams,
        id: 'a',
      });
    }
  });

  it('a request that is wrong is refused under its id where that can be read', () => {
    expect(fault({ id: 3, method: 'call' })).toMatchObject({ id: 3 });
    expect(fault({ id: 'a', jsonrpc: '2.0' })).toMatchObject({ id: 'a' });
  });

  it('params may be missing, and without an id it is a notification', () => {
    expect(readMessage({ jsonrpc: '2.0', method: 'cancel' })).toEqual({
      id: undefined,
      method: 'cancel',
      params: {},
    });
    expect(readMessage({ jsonrpc: '2.0', method: 'a', id: -7 })).toMatchObject({ id: -7 });
    expect(readMessage({ jsonrpc: '2.0', method: 'a', id: '' })).toMatchObject({ id: '' });
  });
});
