/**
 * WebSocket connections by the web's own interface, in browsers and wherever else it is a global.
 * It sets no header fields, so the signature goes in the offered subprotocols; it tells nothing of
 * a refused handshake; and it pauses nothing.
 */
import { encodeBase64Url } from '../base64.ts';
import { SessionError } from './session-error.ts';
import type { SessionSocket, SocketEvents, SocketRequest } from './socket.ts';

/** The interface does not say when the network has taken something, so it is looked at. */
const DRAIN_LOOK_MS = 10;

class BrowserSocket implements SessionSocket {
  private readonly socket: WebSocket;
  private readonly events: SocketEvents;
  private readonly request: SocketRequest;
  private readonly end: (reason: string) => void;
  private drainTimer: ReturnType<typeof setInterval> | undefined;

  constructor(
    socket: WebSocket,
    events: SocketEvents,
    request: SocketRequest,
    end: (reason: string) => void,
  ) {
    this.socket = socket;
    this.events = events;
    this.request = request;
    this.end = end;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.socket.send(data);
    if (this.bufferedBytes < this.request.limits.sendBufferMaxBytes) return;
    this.drainTimer ??= setInterval(this.onDrainLook, DRAIN_LOOK_MS);
  }

  /** A browser waits for the gateway's close frame as long as it likes. */
  close(): void {
    this.socket.close(1000);
    setTimeout(() => this.end(''), this.request.limits.closeTimeoutMs);
  }

  /** The connection cannot be cut: it is left to itself. */
  cut(): void {
    this.socket.close();
    this.end('cut');
  }

  stop(): void {
    clearInterval(this.drainTimer);
  }

  private readonly onDrainLook = (): void => {
    if (this.bufferedBytes >= this.request.limits.sendBufferMaxBytes) return;
    clearInterval(this.drainTimer);
    this.drainTimer = undefined;
    this.events.drained();
  };
}

/** The two fields of a signature as subprotocols, which are never selected. */
function carriers(request: SocketRequest): string[] {
  const { signature } = request;
  const encode = (value: string) => encodeBase64Url(new TextEncoder().encode(value));
  return [
    `xingyun.signature-input.${encode(signature['signature-input'])}`,
    `xingyun.signature.${encode(signature.signature)}`,
  ];
}

/** The driver. */
export function openBrowserSocket(request: SocketRequest, events: SocketEvents): () => void {
  const { url, subprotocol } = request;
  let socket: WebSocket;
  try {
    socket = new WebSocket(url, [subprotocol, ...carriers(request)]);
  } catch (cause) {
    // A page that came over https may not open ws.
    const error = new SessionError('connect-failed', `No session at ${url}.`, { cause });
    queueMicrotask(() => events.failed(error));
    return () => undefined;
  }
  let driver: BrowserSocket | undefined;
  let isOver = false;
  socket.binaryType = 'arraybuffer';
  const end = (code: number, reason: string): void => {
    if (isOver) return;
    isOver = true;
    driver?.stop();
    if (driver !== undefined) events.closed({ code, reason });
    else events.failed(new SessionError('connect-failed', `No session at ${url}.`));
  };
  socket.onopen = () => {
    if (isOver) return;
    driver = new BrowserSocket(socket, events, request, reason => end(1006, reason));
    events.opened(driver);
  };
  socket.onmessage = ({ data }: { data: unknown }) => {
    if (isOver) return;
    events.message(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer));
  };
  socket.onclose = ({ code, reason }: { code: number; reason: string }) => end(code, reason);
  return () => {
    isOver = true;
    socket.close();
  };
}
