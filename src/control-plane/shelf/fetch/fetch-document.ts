/**
 * Fetches a document from a host that the operator has allowed, and from nowhere else: not where a
 * redirect points, and not where a name turns out to lead into the bank's own network.
 */
import { lookup as resolveName } from 'node:dns';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPrivateAddress } from './private-addresses.ts';

export interface FetchLimits {
  /** `host`, which is at 443, or `host:port`; an address here may be private. */
  readonly documentHosts: readonly string[];
  readonly timeoutMs: number;
  readonly bytesMax: number;
}

const REDIRECTS_MAX = 3;
const URL_MAX_CHARACTERS = 2_048;
const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308]);

/** Why a document was not fetched; the message is a sentence for the operator. */
export class FetchRefused extends Error {
  readonly code: 'url-refused' | 'url-failed';

  constructor(code: FetchRefused['code'], message: string) {
    super(message);
    this.name = 'FetchRefused';
    this.code = code;
  }
}

/** @throws FetchRefused */
export async function fetchDocument(given: string, limits: FetchLimits): Promise<string> {
  const signal = AbortSignal.timeout(limits.timeoutMs);
  let url = checkUrl(given, limits);
  const { host } = url;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const answer = await fetchOnce(url, limits, signal);
    if ('text' in answer) return answer.text;
    if (!URL.canParse(answer.location, url.href)) {
      throw new FetchRefused('url-failed', 'It leads on to what is no URL.');
    }
    url = checkUrl(new URL(answer.location, url).href, limits);
    if (url.host !== host) {
      throw new FetchRefused(
        'url-refused',
        `It leads to another host, ${url.host}; name that one.`,
      );
    }
  }
  throw new FetchRefused('url-failed', `It leads on more than ${REDIRECTS_MAX} times.`);
}

function checkUrl(given: string, { documentHosts }: FetchLimits): URL {
  const refuse = (message: string) => new FetchRefused('url-refused', message);
  if (given.length > URL_MAX_CHARACTERS || !URL.canParse(given)) {
    throw refuse('It is not a URL such as https://host/openapi.yaml.');
  }
  const url = new URL(given);
  const host = plainHost(url);
  const isLoopback = host === '127.0.0.1' || host === '::1';
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    throw refuse('It must be https.');
  }
  if (url.username !== '' || url.password !== '') {
    throw refuse('It must not have a user name or password in it.');
  }
  const port = portOf(url);
  const allowed = documentHosts.map(allowedHost);
  if (!allowed.some(entry => entry.host === host && entry.port === port)) {
    throw refuse(
      `The host ${url.host} is not allowed; registry.documentHosts lists those that are.`,
    );
  }
  if (isIP(host) === 0) return url;
  if (isPrivateAddress(host) && !isAllowedAddress(host, port, documentHosts)) {
    throw refuse('Its address is private.');
  }
  return url;
}

function plainHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === 'https:' ? '443' : '80');
}

function allowedHost(entry: string): { readonly host: string; readonly port: string } {
  // Colons without brackets are those of an address, not of a port.
  const [, host = entry, port = '443'] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
  return { host: host.replace(/^\[|\]$/g, '').toLowerCase(), port };
}

function isAllowedAddress(
  address: string,
  port: string,
  documentHosts: readonly string[],
): boolean {
  return documentHosts.some(entry => {
    const allowed = allowedHost(entry);
    return allowed.host === address && allowed.port === port;
  });
}

/** The connection goes to the addresses that were looked at: a second look-up might differ. */
function guardedLookup(port: string, documentHosts: readonly string[]): LookupFunction {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const wrong = addresses.find(
        ({ address }) =>
          isPrivateAddress(address) && !isAllowedAddress(address, port, documentHosts),
      );
      if (wrong !== undefined) {
        return callback(new FetchRefused('url-refused', 'Its host has a private address.'), []);
      }
      return options.all === true
        ? callback(null, addresses)
        : callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}

type Answer = { readonly text: string } | { readonly location: string };

async function fetchOnce(url: URL, limits: FetchLimits, signal: AbortSignal): Promise<Answer> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const sent = request(url, {
        agent: false,
        lookup: guardedLookup(portOf(url), limits.documentHosts),
        headers: {
          accept: 'application/json, application/yaml, */*',
          'accept-encoding': 'identity',
        },
        signal,
      });
      sent.on('error', reject);
      sent.on('response', response => {
        const { statusCode = 0, headers } = response;
        if (REDIRECT_STATUSES.has(statusCode) && headers.location !== undefined) {
          response.destroy();
          return resolve({ location: headers.location });
        }
        if (statusCode !== 200) {
          response.destroy();
          return reject(new FetchRefused('url-failed', `It answers with status ${statusCode}.`));
        }
        return collect(response, limits.bytesMax).then(text => resolve({ text }), reject);
      });
      sent.end();
    });
  } catch (error) {
    if (error instanceof FetchRefused) throw error;
    throw new FetchRefused('url-failed', failureOf(error, limits, signal));
  }
}

async function collect(response: AsyncIterable<Buffer>, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > bytesMax)
      throw new FetchRefused('url-failed', `It has more than ${bytesMax} bytes.`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new FetchRefused('url-failed', 'It is not UTF-8 text.');
  }
}

function failureOf(error: unknown, { timeoutMs }: FetchLimits, signal: AbortSignal): string {
  if (signal.aborted) return `It was not there within ${timeoutMs} ms.`;
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return `It cannot be fetched: ${code}.`;
}
