/** The options that say what load is like, but for its rate and times; bench:max has them too. */
import { oneOf, UsageError, wholeNumber } from '../rig/command-line.ts';
import type { LoadOptions, Scheme, Transport } from './load-result.ts';

export type LoadShape = Omit<LoadOptions, 'rate' | 'durationSeconds' | 'warmUpSeconds'>;

export const LOAD_SHAPE_OPTIONS = {
  connections: { type: 'string', default: '12000' },
  ws: { type: 'boolean', default: false },
  msgpack: { type: 'boolean', default: false },
  'message-signatures': { type: 'boolean', default: false },
  scheme: { type: 'string', default: 'rfc9421-rsa' },
  method: { type: 'string' },
  body: { type: 'string' },
  seed: { type: 'string', default: '1' },
  generators: { type: 'string', default: '1' },
  fronts: { type: 'string', default: '1' },
  workers: { type: 'string', default: '1' },
  pipelined: { type: 'boolean', default: false },
} as const;

export interface LoadShapeValues {
  readonly connections: string;
  readonly ws: boolean;
  readonly msgpack: boolean;
  readonly 'message-signatures': boolean;
  readonly scheme: string;
  readonly method?: string | undefined;
  readonly body?: string | undefined;
  readonly seed: string;
  readonly generators: string;
  readonly fronts: string;
  readonly workers: string;
  readonly pipelined: boolean;
}

export const LOAD_SHAPE_USAGE = `\
  --connections N   open connections (12000)
  --ws              a session on each connection; its handshake is signed, its calls are not
  --msgpack         sessions speak MessagePack, not JSON
  --message-signatures   sign each call of a session too
  --scheme NAME     rfc9421-rsa, rfc9421-es256, hmac or none (rfc9421-rsa)
  --method NAME     POST or GET (POST; with --ws and with --scheme none GET)
  --body N          body bytes of a POST (600)
  --seed N          of the arrivals and of the connections drawn (1)
  --generators N    processes that send (1)
  --fronts N        front threads of the gateway (1)
  --workers N       worker threads per front (1)
  --pipelined       safe methods over 4 upstream connections with 16 requests in flight on each
                    (64 with one each, which is the product's default)
`;

const SCHEMES: readonly Scheme[] = ['rfc9421-rsa', 'rfc9421-es256', 'hmac', 'none'];
/** Standard streams, IPC, the loop's own, the signature file. */
const OWN_FILES = 64;

/** @throws UsageError */
export function readLoadShape(values: LoadShapeValues): LoadShape {
  const scheme = oneOf('--scheme', values.scheme, SCHEMES);
  const transport = transportOf(values, scheme);
  const method = methodOf(transport, scheme, values.method);
  return {
    connections: wholeNumber('--connections', values.connections, 1, 1_000_000),
    transport,
    scheme,
    signsMessages: values['message-signatures'],
    method,
    bodyBytes: bodyOf(method, values.body),
    seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
    generators: wholeNumber('--generators', values.generators, 1, 64),
    fronts: wholeNumber('--fronts', values.fronts, 1, 64),
    workers: wholeNumber('--workers', values.workers, 1, 64),
    pipelined: values.pipelined,
  };
}

/**
 * Each connection is an open file of a generator and of the gateway's process.
 * @throws UsageError
 */
export function checkFileLimit(shape: LoadShape, filesMax: number): void {
  const room = filesMax - OWN_FILES;
  if (shape.connections <= room) return;
  throw new UsageError(
    `A process may have ${filesMax} open files here, and the gateway is one: at most ${room} ` +
      'connections (raise it with ulimit -n).',
  );
}

function transportOf(values: LoadShapeValues, scheme: Scheme): Transport {
  const { ws, msgpack } = values;
  if (ws && scheme === 'none') {
    throw new UsageError(
      '--ws opens each session with a signed handshake: --scheme none has none.',
    );
  }
  if (!ws && (msgpack || values['message-signatures'])) {
    throw new UsageError('--msgpack and --message-signatures go with --ws.');
  }
  return !ws ? 'http' : msgpack ? 'ws-msgpack' : 'ws-json';
}

function methodOf(transport: Transport, scheme: Scheme, given: string | undefined): string {
  const usual = transport === 'http' && scheme !== 'none' ? 'POST' : 'GET';
  const method = oneOf('--method', given ?? usual, ['GET', 'POST']);
  if (scheme === 'none' && method !== 'GET') {
    throw new UsageError('--scheme none calls a public operation, which takes --method GET only.');
  }
  return method;
}

function bodyOf(method: string, given: string | undefined): number {
  if (method === 'POST') return wholeNumber('--body', given ?? '600', 0, 1_048_576);
  if (given !== undefined && given !== '0') throw new UsageError('--body goes with --method POST.');
  return 0;
}
