/** WebSocket connections in Node, by the library `ws`. */
import type { IncomingMessage } from 'node:http';
import WebSocket from 'ws';
import { carriesProblem, PROBLEM_MAX_BYTES, ProblemError, parseProblem } from '../problem-error.ts';
import { SessionError } from './session-error.ts';
import type { OpenSocket, SessionSocket, SocketEvents, SocketRequest } from './socket.ts';

/** What TLS needs to know of a gateway that is not in the system's trust, or asks who comes. */
export interface TlsOptions {
  /** PEM; the system's roots where absent. */
  readonly ca?: string | Uint8Array;
  /** PEM, for a listener that takes client certificates. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
}

class NodeSocket implements SessionSocket {
  private readonly socket: WebSocket;
  private readonly events: SocketEvents;

  constructor(socket: WebSocket, events: SocketEvents) {
    this.socket = socket;
    this.events = events;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  send(data: string | Uint8Array): void {
    this.socket.send(data, this.onSent);
  }

  close(): void {
    this.socket.close(1000);
  }

  cut(): void {
    this.socket.terminate();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  ping(): void {
    this.socket.ping();
  }

  /** What went wrong with a connection is told when it closes. */
  private readonly onSent = (error?: Error | null): void => {
    if (!error) this.events.drained();
  };
}

/** The driver, with what TLS needs. */
export function nodeSockets(tls: TlsOptions = {}): OpenSocket {
  return (request, events) => openNodeSocket(request, tls as WebSocket.ClientOptions, events);
}

function openNodeSocket(
  { url, subprotocol, signature, limits }: SocketRequest,
  tls: WebSocket.ClientOptions,
  events: SocketEvents,
): () => void {
  let socket: WebSocket;
  try {
    socket = new WebSocket(url, [subprotocol], {
      ...tls,
      headers: { ...signature },
      perMessageDeflate: false,
      maxPayload: limits.incomingMaxBytes,
      handshakeTimeout: limits.openTimeoutMs,
      closeTimeout: limits.closeTimeoutMs,
    } as WebSocket.ClientOptions);
  } catch (cause) {
    const error = new SessionError('connect-failed', `No connection to ${url}.`, { cause });
    queueMicrotask(() => events.failed(error));
    return () => undefined;
  }
  let isOpen = false;
  let isOver = false;
  let cause: Error | undefined;
  const fail = (error: Error): void => {
    if (!isOver && !isOpen) events.failed(error);
    isOver = true;
  };
  socket.on('open', () => {
    isOpen = true;
    events.opened(new NodeSocket(socket, events));
  });
  socket.on('unexpected-response', (_request, response) => {
    readRefusal(response)
      .then(fail, (error: Error) => fail(connectError(url, error)))
      .finally(() => socket.terminate());
  });
  socket.on('error', error => {
    cause = error;
    fail(connectError(url, error));
  });
  socket.on('message', (data, isBinary) => {
    if (!isOver) events.message(isBinary ? (data as Buffer) : (data as Buffer).toString('utf8'));
  });
  socket.on('ping', () => events.alive());
  socket.on('pong', () => events.alive());
  socket.on('close', (code, reason) => {
    if (isOpen) events.closed({ code, reason: reason.toString('utf8'), cause });
  });
  return () => {
    isOver = true;
    socket.terminate();
  };
}

function connectError(url: string, cause: Error): SessionError {
  const reason = (cause as NodeJS.ErrnoException).code ?? cause.message;
  return new SessionError('connect-failed', `No connection to ${url} (${reason}).`, { cause });
}

/** The problem with which the gateway refused the handshake. */
async function readRefusal(message: IncomingMessage): Promise<ProblemError> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > PROBLEM_MAX_BYTES) break;
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headersDistinct)) {
    for (const line of value ?? []) headers.append(name, line);
  }
  const answer = { status: message.statusCode!, statusText: message.statusMessage!, headers };
  const text = length > PROBLEM_MAX_BYTES ? '' : Buffer.concat(chunks).toString('utf8');
  const document = carriesProblem(answer) ? parseProblem(text) : undefined;
  return ProblemError.ofResponse(answer, document, Date.now());
}
