/**
 * A neighbour: begins to do what its parent names over IPC, ends it when it is told to, and then
 * tells what it got.
 */
import { Agent, type RequestOptions, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createRequestSigner } from '../../src/client/index.ts';
import { benchKey, benchKeyId, type KeyName } from '../rig/bench-folder.ts';
import { ORDERS_PATH, PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';
import type { Neighbour } from './isolation-result.ts';
import { HANG_PATH, LARGE_PATH, NEIGHBOUR_APP, type ToNeighbour } from './neighbour-terms.ts';

const TICK_MS = 10;
const BODY = Buffer.alloc(1_048_576, 'x');
const NO_BODY = Buffer.alloc(0);
const SLOW_READERS = 100;
const REOPEN_AFTER_MS = 500;

const SIGNERS = { es256: signerOf('es256'), sm2: signerOf('sm2') };

function signerOf(name: KeyName) {
  const { algorithm, privateText: privateKey } = benchKey(name);
  return createRequestSigner({ keyId: benchKeyId(name, NEIGHBOUR_APP), algorithm, privateKey });
}

let got: Record<string, number> = {};
function note(what: string): void {
  got[what] = (got[what] ?? 0) + 1;
}

interface Calls {
  readonly method: string;
  readonly path: string;
  readonly body?: Buffer;
  /** Calls due a second; those beyond `inFlightMax` are left out. */
  readonly rate: number;
  readonly inFlightMax: number;
  readonly spoil?: boolean;
  /** ES256 where absent. */
  readonly key?: keyof typeof SIGNERS;
}

const READ = { method: 'GET', path: `${ORDERS_PATH}/o-1` };

/** @returns what ends it */
type Begin = (port: number) => () => void;

const BEGIN: Readonly<Record<Neighbour, Begin>> = {
  'dear-checks': port => call(port, { ...READ, rate: 1_000, inFlightMax: 64 }),
  // What one core signs beside the rest.
  'sm2-checks': port => call(port, { ...READ, key: 'sm2', rate: 300, inFlightMax: 64 }),
  'bad-signatures': port => call(port, { ...READ, rate: 1_000, inFlightMax: 64, spoil: true }),
  'large-bodies': port =>
    call(port, { method: 'POST', path: ORDERS_PATH, body: BODY, rate: 20, inFlightMax: 16 }),
  'hanging-upstream': port =>
    call(port, { method: 'GET', path: HANG_PATH, rate: 500, inFlightMax: 2_000 }),
  'slow-readers': readSlowly,
};

function headersOf({
  method,
  path,
  body,
  spoil = false,
  key = 'es256',
}: Calls): Record<string, string> {
  const targetUri = `http://${PUBLIC_AUTHORITY}${path}`;
  const signed = SIGNERS[key].sign({ method, targetUri, ...(body === undefined ? {} : { body }) });
  const headers: Record<string, string> = { host: PUBLIC_AUTHORITY, ...signed };
  if (body !== undefined) headers['content-length'] = String(body.length);
  if (spoil) headers.signature = headers.signature!.replace(/[A-Za-z0-9]{8}/, 'AAAAAAAA');
  return headers;
}

function call(port: number, calls: Calls): () => void {
  const agent = new Agent({ keepAlive: true, maxSockets: calls.inFlightMax });
  const startedMs = performance.now();
  let sent = 0;
  let inFlight = 0;
  const begin = () => {
    inFlight += 1;
    const options: RequestOptions = {
      ...{ agent, host: '127.0.0.1', port },
      ...{ method: calls.method, path: calls.path, headers: headersOf(calls) },
    };
    const sending = request(options, answer => {
      note(String(answer.statusCode));
      answer.resume();
    });
    sending.on('error', error => note((error as NodeJS.ErrnoException).code ?? 'error'));
    sending.on('close', () => {
      inFlight -= 1;
    });
    sending.end(calls.body ?? NO_BODY);
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - startedMs) * calls.rate) / 1_000;
    for (; sent < due; sent++) if (inFlight < calls.inFlightMax) begin();
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    agent.destroy();
  };
}

function readSlowly(port: number): () => void {
  const open = new Set<Socket>();
  let isOver = false;
  const begin = () => {
    if (isOver) return;
    const socket = connect(port, '127.0.0.1');
    open.add(socket);
    socket.pause();
    const headers = headersOf({ method: 'GET', path: LARGE_PATH, rate: 0, inFlightMax: 0 });
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET ${LARGE_PATH} HTTP/1.1\r\n${fields.join('')}\r\n`);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      note('closed');
      setTimeout(begin, REOPEN_AFTER_MS);
    });
  };
  for (let i = 0; i < SLOW_READERS; i++) begin();
  return () => {
    isOver = true;
    for (const socket of open) socket.destroy();
  };
}

let end: () => void = () => undefined;

process.on('message', ({ task }: ToNeighbour) => {
  end();
  if (task !== undefined) {
    end = BEGIN[task.neighbour](task.port);
    return;
  }
  end = () => undefined;
  process.send!(got);
  got = {};
});
process.on('disconnect', () => process.exit(0));
