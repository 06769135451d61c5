/** How commands reach the admin listener: its address, the operator's token, and its refusals. */
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { parseProblem } from '../client/problem-error.ts';
import { CommandFailure, orFail, UsageError } from './failures.ts';

export interface AdminOptions {
  readonly admin?: string;
  readonly tokenFile?: string;
}

export interface AdminRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query, from the slash on. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** 30 s where absent: answers of large registries take some. */
  readonly timeoutMs?: number;
}

const URL_DEFAULT = 'http://127.0.0.1:9090';
const TIMEOUT_MS = 30_000;
/** Of the refusals in one problem: a registry file may have thousands. */
const ERRORS_SHOWN_MAX = 50;

export function addAdminOptions(command: Command): Command {
  return command
    .option('--admin <url>', `admin listener (XINGYUN_ADMIN_URL, or ${URL_DEFAULT})`)
    .option(
      '--token-file <file>',
      'file with the operator’s token (XINGYUN_ADMIN_TOKEN_FILE, or the token in ' +
        'XINGYUN_ADMIN_TOKEN)',
    );
}

function baseUrl({ admin }: AdminOptions): string {
  const text = admin ?? process.env.XINGYUN_ADMIN_URL ?? URL_DEFAULT;
  if (!/^https?:\/\/[^/]+\/?$/.test(text) || !URL.canParse(text)) {
    throw new UsageError(`${text} is not an address such as ${URL_DEFAULT}.`);
  }
  return text.replace(/\/$/, '');
}

function readToken({ tokenFile }: AdminOptions): string | undefined {
  const file = tokenFile ?? process.env.XINGYUN_ADMIN_TOKEN_FILE;
  if (file === undefined) {
    const token = process.env.XINGYUN_ADMIN_TOKEN;
    return token === undefined ? undefined : checkToken(token, 'XINGYUN_ADMIN_TOKEN');
  }
  const text = orFail('The token file cannot be read', () => readFileSync(file, 'utf8'));
  return checkToken(text, 'The token file');
}

/** Whatever refused another text later on would repeat it. */
function checkToken(text: string, holder: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CommandFailure(`${holder} must hold one token, of visible ASCII, and nothing besides.`);
}

/** Where the listener is, and as whom it is asked. */
export function adminPlace(options: AdminOptions): { url: string; token: string | undefined } {
  return { url: baseUrl(options), token: readToken(options) };
}

/**
 * Sends a request as the operator. The answer is a good one: its body is still to be read.
 *
 * @throws CommandFailure with what the listener said, or why it was not reached
 */
export async function adminRequest(
  options: AdminOptions,
  { method = 'GET', path, body, headers = {}, timeoutMs = TIMEOUT_MS }: AdminRequest,
): Promise<Response> {
  const url = baseUrl(options);
  const token = readToken(options);
  let response: Response;
  try {
    response = await fetch(url + path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (cause) {
    throw new CommandFailure(`${url} was not reached: ${reasonOf(cause)}.`, { cause });
  }
  if (response.ok) return response;
  throw new CommandFailure(await describe(response));
}

export async function adminJson<T>(options: AdminOptions, request: AdminRequest): Promise<T> {
  const text = await textOf(await adminRequest(options, request));
  return orFail('The answer of the admin listener is not JSON', () => JSON.parse(text) as T);
}

/** The answer's bytes as they come. It fails with a CommandFailure where they break off. */
export async function adminStream(options: AdminOptions, request: AdminRequest): Promise<Readable> {
  const { body } = await adminRequest(options, request);
  return Readable.from(wholeChunks(body), { objectMode: false });
}

async function* wholeChunks(body: Response['body']): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body ?? []) yield chunk;
  } catch (cause) {
    throw brokenOff(cause);
  }
}

async function textOf(response: Response): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    throw brokenOff(cause);
  }
}

function brokenOff(cause: unknown): CommandFailure {
  const message = `The answer of the admin listener broke off: ${reasonOf(cause)}.`;
  return new CommandFailure(message, { cause });
}

function reasonOf(error: unknown): string {
  const { name, cause, message } = error as Error & { cause?: { code?: string } };
  if (name === 'TimeoutError') return 'it did not answer in time';
  return cause?.code ?? message;
}

interface RefusedRecord {
  readonly record?: string;
  readonly pointer?: string;
  readonly message?: string;
}

/** One sentence, and a line for each record that was refused. */
async function describe(response: Response): Promise<string> {
  const text = await textOf(response);
  const document = parseProblem(text);
  if (document === undefined) return `The admin listener answered ${response.status}.`;
  const { code, title, detail } = document;
  const { errors = [] } = JSON.parse(text) as { errors?: readonly RefusedRecord[] };
  const lines = errors
    .slice(0, ERRORS_SHOWN_MAX)
    .map(({ record = '', pointer = '', message = '' }) => `  ${record}${pointer} ${message}`);
  const more = errors.length - lines.length;
  if (more > 0) lines.push(`  and ${more} more`);
  return [`${response.status} ${code}: ${detail ?? title}`, ...lines].join('\n');
}
