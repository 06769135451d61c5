/**
 * A WebSocket client that speaks frames: for what no WebSocket library would send, and for what a
 * gateway does that a library would hide.
 */
import { createHash, randomBytes } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { createRequestSigner, type SigningIdentity } from '../../src/client/index.ts';
import { FrameSession, type SessionConduct } from './frame-session.ts';

export const JSON_SUBPROTOCOL = 'xingyun.v1+json';
export const MSGPACK_SUBPROTOCOL = 'xingyun.v1+msgpack';

/** RFC 6455 section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const KEY_BYTES = 16;
const HEAD_END = '\r\n\r\n';
const DEFAULT_TIMEOUT_MS = 10_000;

/** A TestGateway, or what a test puts in its place. */
export interface Endpoint {
  /** The origin of the HTTP calls, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  credentials(keyId?: string): SigningIdentity;
}

export interface HandshakeOptions extends SessionConduct {
  readonly keyId?: string;
  readonly method?: string;
  readonly path?: string;
  readonly subprotocols?: readonly string[];
  /** Offers the signature as subprotocols, as a browser has to. */
  readonly signsInSubprotocols?: boolean;
  /** In lower case, put in the place of the field that would have been sent; undefined omits it. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Sent in one write with the head. */
  readonly behind?: Uint8Array;
  /** Needed for an https endpoint. */
  readonly tls?: ConnectionOptions;
  readonly timeoutMs?: number;
}

export interface HandshakeAnswer {
  readonly status: number;
  /** By lower-case name; what came twice is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The `code` of the problem document, where it is one. */
  readonly code: string | undefined;
  /** Where the status is 101. */
  readonly session: FrameSession | undefined;
}

export class HandshakeRefused extends Error {
  override readonly name = 'HandshakeRefused';
  readonly answer: HandshakeAnswer;

  constructor(answer: HandshakeAnswer) {
    super(`the handshake was answered with ${answer.status} ${answer.code ?? ''}`);
    this.answer = answer;
  }
}

function signatureFields(endpoint: Endpoint, options: HandshakeOptions): Record<string, string> {
  const { keyId, method = 'GET', path = '/ws' } = options;
  const signer = createRequestSigner(endpoint.credentials(keyId));
  return { ...signer.sign({ method, targetUri: `${endpoint.url}${path}` }) };
}

function inSubprotocols(fields: Record<string, string>): string[] {
  return Object.entries(fields).map(
    ([name, value]) => `xingyun.${name}.${Buffer.from(value).toString('base64url')}`,
  );
}

/** The opening handshake (RFC 6455 section 4.1) and what is sent behind it. */
export function handshakeBytes(
  endpoint: Endpoint,
  options: HandshakeOptions = {},
  key = randomBytes(KEY_BYTES).toString('base64'),
): Buffer {
  const { method = 'GET', path = '/ws', subprotocols = [JSON_SUBPROTOCOL] } = options;
  const signature = signatureFields(endpoint, options);
  const offered = options.signsInSubprotocols
    ? [...subprotocols, ...inSubprotocols(signature)]
    : subprotocols;
  const fields: Record<string, string | readonly string[] | undefined> = {
    host: new URL(endpoint.url).host,
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-key': key,
    'sec-websocket-version': '13',
    'sec-websocket-protocol': offered.length === 0 ? undefined : offered.join(', '),
    ...(options.signsInSubprotocols ? {} : signature),
    ...options.headers,
  };
  const lines = Object.entries(fields).flatMap(([name, values = []]) =>
    [values].flat().map(value => `${name}: ${value}`),
  );
  const head = [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), options.behind ?? Buffer.alloc(0)]);
}

function openSocket(endpoint: Endpoint, tls: ConnectionOptions | undefined): Promise<Socket> {
  const { protocol, hostname, port } = new URL(endpoint.url);
  const address = { host: hostname, port: Number(port) };
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket =
    protocol === 'https:'
      ? connectTls({ ...address, ...tls }, () => resolve(socket))
      : connectTcp({ ...address, noDelay: true }, () => resolve(socket));
  socket.once('error', reject);
  return promise.finally(() => socket.off('error', reject));
}

interface RawHead {
  readonly head: string;
  readonly rest: Buffer;
}

/** Reads until the condition holds; rejects where the peer closes before. */
function readUntil(
  socket: Socket,
  start: Buffer,
  isEnough: (bytes: Buffer) => boolean,
): Promise<Buffer> {
  let bytes = start;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const check = () => {
    if (isEnough(bytes)) resolve(bytes);
  };
  const onData = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    check();
  };
  const onEnd = () => reject(new Error(`closed after ${JSON.stringify(bytes.toString('latin1'))}`));
  socket.on('data', onData);
  socket.on('error', reject);
  socket.on('close', onEnd);
  check();
  return promise.finally(() => {
    // Before the next listener is there no byte may get lost.
    socket.pause();
    socket.off('data', onData);
    socket.off('error', reject);
    socket.off('close', onEnd);
  });
}

async function readHead(socket: Socket): Promise<RawHead> {
  const bytes = await readUntil(socket, Buffer.alloc(0), all => all.includes(HEAD_END));
  const end = bytes.indexOf(HEAD_END) + HEAD_END.length;
  return { head: bytes.toString('latin1', 0, end), rest: bytes.subarray(end) };
}

function parseFields(head: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    fields[name] = fields[name] === undefined ? value : `${fields[name]}, ${value}`;
  }
  return fields;
}

function expectAccepted(headers: Record<string, string>, key: string): void {
  const accept = createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64');
  if (headers['sec-websocket-accept'] !== accept) {
    throw new Error(`sec-websocket-accept is ${headers['sec-websocket-accept']}, not ${accept}`);
  }
}

async function readAnswer(
  socket: Socket,
  options: HandshakeOptions,
  key: string,
): Promise<HandshakeAnswer> {
  const { head, rest } = await readHead(socket);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  const headers = parseFields(head);
  if (status === 101) {
    const sentKey = options.headers?.['sec-websocket-key'] ?? key;
    expectAccepted(headers, String(sentKey));
    const session = new FrameSession(socket, rest, options);
    return { status, headers, text: '', code: undefined, session };
  }
  const length = Number(headers['content-length'] ?? 0);
  const body = await readUntil(socket, rest, bytes => bytes.length >= length);
  const text = body.toString('utf8', 0, length);
  const isProblem = headers['content-type'] === 'application/problem+json';
  const code = isProblem ? (JSON.parse(text).code as string) : undefined;
  return { status, headers, text, code, session: undefined };
}

/**
 * Sends a handshake and reads its answer whole, whatever it is.
 * @throws Error where the gateway closes without an answer or none comes within `timeoutMs`
 */
export async function handshake(
  endpoint: Endpoint,
  options: HandshakeOptions = {},
): Promise<HandshakeAnswer> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const socket = await openSocket(endpoint, options.tls);
  const key = randomBytes(KEY_BYTES).toString('base64');
  socket.write(handshakeBytes(endpoint, options, key));
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer to the handshake within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    const answer = await readAnswer(socket, options, key);
    if (answer.session === undefined) socket.destroy();
    return answer;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * A session that is open.
 * @throws HandshakeRefused for every other status than 101
 */
export async function openSession(
  endpoint: Endpoint,
  options: HandshakeOptions = {},
): Promise<FrameSession> {
  const answer = await handshake(endpoint, options);
  if (answer.session === undefined) throw new HandshakeRefused(answer);
  return answer.session;
}
