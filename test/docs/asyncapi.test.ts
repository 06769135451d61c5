import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { Parser } from '@asyncapi/parser';
import { describe, expect, it, vi } from 'vitest';
import { ConfigSchema } from '../../src/core/config.ts';
import { parseCursor } from '../../src/core/events.ts';
import { PROBLEM_NAMES, PROBLEMS, type ProblemName } from '../../src/core/problems.ts';
import { CLOSE, SUBPROTOCOLS } from '../../src/core/sessions.ts';
import { DEMO_APIS, readApiDocument } from '../../src/demo/bank/api-document.ts';
import {
  type ChannelName,
  DOCUMENT,
  DOCUMENT_TEXT,
  invalidity,
  matching,
  nameOf,
  type Reference,
  unpack,
} from './asyncapi-document.ts';

const PAGE = readFileSync(new URL('../../docs/websocket.md', import.meta.url), 'utf8');
const { channels, components, operations } = DOCUMENT;
const CHANNELS = Object.keys(channels) as ChannelName[];
/** Severities of diagnostics: 0 error, 1 warning, 2 information, 3 hint. */
const INFORMATION = 2;

const documentWithReference = (text: string) =>
  `asyncapi: 3.0.0\ninfo: { title: t, version: "1" }\nchannels:\n  a:\n    $ref: ${text}\n`;

/** Parses with every way out of the process closed, and says which were tried. */
async function parseAlone(text: string) {
  const fetched: string[] = [];
  const read = (uri: { toString(): string }) => {
    fetched.push(uri.toString());
    return '{}';
  };
  // In front of the parser's own, which are asked only where these return no text.
  const resolvers = ['http', 'https', 'file'].map(schema => ({ schema, order: 1, read }));
  const connect = vi.spyOn(Socket.prototype, 'connect').mockImplementation(() => {
    throw new Error('the parser opened a socket');
  });
  const parser = new Parser({ __unstable: { resolver: { resolvers } } });
  const { document, diagnostics } = await parser.parse(text);
  const sockets = connect.mock.calls.length;
  connect.mockRestore();
  return { document, diagnostics, fetched, sockets };
}

describe('the parser', () => {
  it('finds neither an error nor a warning, and reads nothing else', async () => {
    const { document, diagnostics, fetched, sockets } = await parseAlone(DOCUMENT_TEXT);
    const faults = diagnostics.filter(({ severity }) => severity < INFORMATION);
    expect(faults.map(({ code, message, path }) => [code, message, path.join('.')])).toEqual([]);
    expect([fetched, sockets]).toEqual([[], 0]);
    expect(document?.operations().length).toBe(Object.keys(operations).length);
  });

  it('would be caught reading something else', async () => {
    const { fetched, sockets } = await parseAlone(
      documentWithReference('http://127.0.0.1:9/channel'),
    );
    expect([fetched, sockets]).toEqual([['http://127.0.0.1:9/channel'], 0]);
  });

  it('would find an error', async () => {
    const { diagnostics } = await parseAlone(DOCUMENT_TEXT.replace('action: send', 'action: sing'));
    expect(diagnostics.some(({ severity }) => severity < INFORMATION)).toBe(true);
  });
});

describe.each(CHANNELS)('the channel %s', channel => {
  const messages = Object.entries(channels[channel].messages);
  const shown = messages.flatMap(([name, reference]) => {
    const { examples = [], 'x-frames': frames = {} } = components.messages[nameOf(reference)]!;
    return [
      ...examples.map(example => ({ name, example: example.name, payload: example.payload })),
      ...Object.entries(frames).map(([example, base64]) => ({
        name,
        example,
        payload: unpack(Buffer.from(base64, 'base64')),
      })),
    ];
  });

  it.each(shown)('has $name valid as its example $example', ({ name, payload }) => {
    expect(invalidity(nameOf(channels[channel].messages[name]!), payload)).toBeUndefined();
    expect(matching(channel, payload)).toEqual([name]);
  });

  it('shows every message whose payload is its own', () => {
    const own = messages.filter(([, reference]) => {
      const { payload } = components.messages[nameOf(reference)]!;
      return channel === 'jsonSession' || nameOf(payload).startsWith('Packed');
    });
    const names = new Set(shown.map(({ name }) => name));
    expect(own.map(([name]) => name).filter(name => !names.has(name))).toEqual([]);
  });

  it('has an operation for every message, and every answer in a reply', () => {
    const ofChannel = Object.values(operations).filter(
      operation => nameOf(operation.channel) === channel,
    );
    const used = ofChannel.flatMap(({ messages: sent, reply }) => [
      ...sent,
      ...(reply?.messages ?? []),
    ]);
    expect([...new Set(used.map(nameOf))].toSorted()).toEqual(
      messages.map(([name]) => name).toSorted(),
    );
    for (const { action, reply } of ofChannel) expect(reply !== undefined).toBe(action !== 'send');
  });
});

it('every message belongs to one channel, and every schema to something', () => {
  const inChannels = CHANNELS.flatMap(channel => Object.values(channels[channel].messages));
  expect(inChannels.map(nameOf).toSorted()).toEqual(Object.keys(components.messages).toSorted());
  const references = JSON.stringify(DOCUMENT).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g);
  const used = new Set([...references].map(([, name]) => name));
  expect(Object.keys(components.schemas).filter(name => !used.has(name))).toEqual([]);
});

describe('the JSON in docs/websocket.md', () => {
  const blocks = [...PAGE.matchAll(/^```json\n(.*?)^```$/gms)].flatMap(([, text]) =>
    text!.startsWith('{"') ? text!.trim().split('\n') : [text!],
  );
  const values = blocks.map(text => JSON.parse(text) as Record<string, unknown>);

  it.each(values.filter(value => 'jsonrpc' in value))('%j is one of the messages', value => {
    expect(matching('jsonSession', value)).toHaveLength(1);
  });

  it('is messages, and one publication at the admin listener', () => {
    const others = values.filter(value => !('jsonrpc' in value));
    expect(others.map(value => Object.keys(value))).toEqual([['events']]);
    expect(values.length).toBeGreaterThan(6);
  });
});

const CALL = { jsonrpc: '2.0', id: 1, method: 'accounts.list', params: {} };
const withParams = (params: object) => ({ ...CALL, params });
const RESULT = { status: 200, body: 1 };
const answered = (result: object) => ({ jsonrpc: '2.0', id: 1, result });
const failed = (code: number, data: object) => ({
  jsonrpc: '2.0',
  id: 1,
  error: { code, message: 'm', data },
});
const NOT_FOUND = {
  type: '/problems/not-found',
  title: 't',
  status: 404,
  code: 'not-found',
  detail: 'd',
};

describe('no message is', () => {
  const wrong: Record<string, unknown> = {
    'another version of JSON-RPC': { ...CALL, jsonrpc: '1.0' },
    'an id of 65 characters': { ...CALL, id: 'x'.repeat(65) },
    'an id that is a fraction': { ...CALL, id: 1.5 },
    'an id that is null': { ...CALL, id: null },
    'a method that nobody has': { ...CALL, method: 'resume' },
    'a member that nobody reads': { ...CALL, trace: 1 },
    'a parameter that nobody reads': withParams({ mode: 1 }),
    'params in an array': withParams([1]),
    'two bodies': withParams({ body: 1, bodyBase64: 'AA==', headers: { 'content-type': 'a/b' } }),
    'bytes without a type': withParams({ bodyBase64: 'AA==' }),
    'base64 without its padding': withParams({
      bodyBase64: 'AA',
      headers: { 'content-type': 'a/b' },
    }),
    'no deadline at all': withParams({ deadlineMs: 0 }),
    'a deadline beyond ten minutes': withParams({ deadlineMs: 600_001 }),
    'a header in capitals': withParams({ headers: { Accept: 'a' } }),
    'a header of the connection': withParams({ headers: { connection: 'close' } }),
    'a query inside a query': withParams({ query: { a: { b: 1 } } }),
    'a call without its path': { ...CALL, method: 'call', params: { method: 'GET' } },
    'a subscription without a topic': { ...CALL, method: 'subscribe' },
    'a subscription behind no cursor': {
      ...CALL,
      method: 'subscribe',
      params: { topic: 'a', after: '42' },
    },
    'an empty batch': [],
    'a batch in a batch': [[CALL]],
    'a batch beyond the largest batchMax': Array(1_025).fill(CALL),
    'a result of 404': answered({ ...RESULT, status: 404 }),
    'a result with a header that is not shown': answered({ ...RESULT, headers: { server: 'x' } }),
    'a result and an error': { ...answered(RESULT), ...failed(-32_000, NOT_FOUND) },
    'an error of another code': failed(-32_002, NOT_FOUND),
    'a refusal without a problem': failed(-32_000, {}),
    'a refusal with a problem that is in no table': failed(-32_000, { ...NOT_FOUND, code: 'no' }),
    'a protocol error with a problem of a call': failed(-32_600, {
      ...NOT_FOUND,
      code: 'upstream-timeout',
    }),
    'an event without an id': {
      jsonrpc: '2.0',
      method: 'event',
      params: { topic: 'a', cursor: '00000000.1', time: '2026-11-26T01:00:00Z', data: 1 },
    },
  };

  it.each(Object.entries(wrong))('%s', (_name, payload) => {
    expect(matching('jsonSession', payload)).toEqual([]);
    expect(matching('msgpackSession', payload)).toEqual([]);
  });

  it('a body in MessagePack that is not binary', () => {
    expect(matching('msgpackSession', answered(RESULT))).toEqual([]);
    expect(matching('msgpackSession', answered({ status: 200, body: Buffer.from('1') }))).toEqual([
      'callResult',
    ]);
  });
});

interface ConfigOption {
  readonly properties?: Readonly<Record<string, ConfigOption>>;
  readonly maximum?: number;
  readonly default?: unknown;
}

function optionAt(path: string): ConfigOption | undefined {
  const root = ConfigSchema as unknown as ConfigOption;
  return path
    .split('.')
    .reduce<ConfigOption | undefined>((option, name) => option?.properties?.[name], root);
}

/** Every object in the document. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const member of Object.values(value)) yield* objectsIn(member);
}

/** Words in the prose that look like problem codes and are names of fields or close reasons. */
const NO_PROBLEM_CODES = new Set([
  'content-digest',
  'content-type',
  'frame-type',
  'signature-input',
]);

describe('what the document names is there:', () => {
  const quoted = [...DOCUMENT_TEXT.matchAll(/`([^`\n]+)`/g)].map(([, word]) => word!);

  it('options', () => {
    const options = quoted.filter(word => /^[a-z]\w*\.[a-z]\w*$/i.test(word));
    expect(options.length).toBeGreaterThan(5);
    expect(options.filter(path => optionAt(path) === undefined)).toEqual([]);
  });

  it('limits, with their largest value', () => {
    const limited = [...objectsIn(DOCUMENT)].filter(object => 'x-limit' in object);
    expect(limited.length).toBeGreaterThan(0);
    for (const object of limited) {
      expect(object.maxItems).toBe(optionAt(object['x-limit'] as string)?.maximum);
    }
  });

  it('problems', () => {
    expect(components.schemas.ProblemCode.enum.toSorted()).toEqual(PROBLEM_NAMES.toSorted());
    const ofHandshakes = CHANNELS.flatMap(channel => channels[channel]['x-handshake-problems']);
    const inProse = quoted.filter(word => /^(?!x-)[a-z]+(-[a-z]+)+$/.test(word));
    const named = [...ofHandshakes, ...inProse].filter(word => !(word in PROBLEMS));
    expect(new Set(named)).toEqual(NO_PROBLEM_CODES);
  });

  it('problems, with their type, status and title', () => {
    const examples = [...objectsIn(DOCUMENT)].filter(
      ({ type, code }) => typeof code === 'string' && /^\/problems\//.test(String(type)),
    );
    expect(examples.length).toBeGreaterThan(3);
    for (const { type, code, title, status } of examples) {
      const definition = PROBLEMS[code as ProblemName];
      expect([type, title, status]).toEqual([
        `/problems/${code}`,
        definition.title,
        definition.status,
      ]);
    }
  });

  it('operations, of the demonstration', () => {
    const published = DEMO_APIS.flatMap(api =>
      [...objectsIn(readApiDocument(api))]
        .filter(({ operationId }) => typeof operationId === 'string')
        .map(({ operationId }) => `${api}.${operationId}`),
    );
    const called = [...objectsIn(components.messages)].map(({ method }) => method);
    const operationIds = called.filter(method => /\./.test(String(method)));
    expect(operationIds.length).toBeGreaterThan(3);
    expect(operationIds.filter(id => !published.includes(String(id)))).toEqual([]);
  });

  it('subprotocols', () => {
    CHANNELS.forEach(channel => {
      const pattern = channels[channel].bindings.ws.headers.properties['sec-websocket-protocol']!;
      const taken = SUBPROTOCOLS.filter(name => new RegExp(pattern.pattern!).test(`a, ${name}`));
      expect(taken).toEqual([`xingyun.v1+${channel === 'jsonSession' ? 'json' : 'msgpack'}`]);
    });
  });

  it('close codes, as on the page', () => {
    const [, table] = PAGE.split('| close code |');
    const rows = [...table!.matchAll(/^\| (\d{4}) +\| (.+?) +\|/gm)];
    const onPage = rows.map(([, code, reason]) => `${code} ${reason!.match(/`.+?`/)![0]}`);
    const { description } = channels.jsonSession;
    const listed = [...description.matchAll(/^- (\d{4})(.+?)(?:\.|:)/gms)];
    const here = listed.map(([, code, reason]) => `${code} ${reason!.match(/`.+?`/)![0]}`);
    expect(here.map(text => text.slice(0, 4))).toEqual(onPage.map(text => text.slice(0, 4)));
    expect(here.filter(text => !text.startsWith('1008'))).toEqual(
      onPage.filter(text => !text.startsWith('1008')),
    );
    expect(here.map(text => Number(text.slice(0, 4)))).toEqual(Object.values(CLOSE));
  });

  it('answer fields, as on the page', () => {
    const [, list] = /`headers` where there is something to say \((.+?)\)/s.exec(PAGE)!;
    const onPage = [...list!.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name!);
    const { properties } = components.schemas.ResultHeaders;
    expect(Object.keys(properties)).toEqual(onPage);
  });

  it('addresses, as they are by default', () => {
    for (const channel of CHANNELS) {
      expect(channels[channel].address).toBe(optionAt('webSocket.path')?.default);
    }
    const authority = `${optionAt('listener.host')?.default}:${optionAt('listener.port')?.default}`;
    for (const { variables } of Object.values(DOCUMENT.servers)) {
      expect(variables.authority.default).toBe(authority);
    }
  });

  it('cursors, in the form in which they are read', () => {
    const cursors = [...objectsIn(DOCUMENT)].flatMap(({ cursor, after }) => [cursor, after]);
    const texts = cursors.filter(value => typeof value === 'string');
    expect(texts.length).toBeGreaterThan(2);
    for (const text of texts) expect(parseCursor(text)).toBeDefined();
  });

  it('references', () => {
    const references = [...objectsIn(DOCUMENT)].filter(object => '$ref' in object);
    const outside = (references as unknown as Reference[]).filter(
      ({ $ref }) => !$ref.startsWith('#/'),
    );
    expect(outside).toEqual([]);
  });
});
