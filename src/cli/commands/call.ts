import { readFileSync } from 'node:fs';
import { text as readStream } from 'node:stream/consumers';
import { type Command, InvalidArgumentError } from 'commander';
import {
  AnswerSignatureError,
  type AnswerVerification,
  createCallSigner,
  createPartnerClient,
  curlCommand,
} from '../../client/index.ts';
import { showAnswer } from '../answer.ts';
import {
  addSettingsOptions,
  type ClientSettings,
  readClientSettings,
  type SettingsOptions,
} from '../client-settings.ts';
import { CommandFailure, orFail, UsageError } from '../failures.ts';
import { write } from '../output.ts';

const DEADLINE_MAX_MS = 600_000;

interface CallOptions extends SettingsOptions {
  readonly data?: string;
  readonly header: readonly string[];
  readonly deadlineMs?: number;
  readonly idempotencyKey?: string;
  readonly timing?: true;
  readonly json?: true;
  readonly include?: true;
  readonly printCurl?: true;
  readonly verifyAnswer?: true;
}

interface Call {
  readonly method: string;
  readonly targetUri: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  readonly contentType: string | undefined;
  readonly idempotencyKey: string | undefined;
}

async function readBody(data: string | undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (data === undefined) return undefined;
  if (data === '@-') return Buffer.from(await readStream(process.stdin));
  if (!data.startsWith('@')) return Buffer.from(data);
  return orFail('The body cannot be read', () => readFileSync(data.slice(1)));
}

/** `name: value`, with a name that is a token (RFC 9110 section 5.6.2). */
function parseHeader(text: string): readonly [string, string] {
  const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r\n\0]*)$/.exec(text);
  if (match === null) throw new UsageError(`--header takes "name: value", not "${text}".`);
  return [match[1]!.toLowerCase(), match[2]!.trim()];
}

function resolveTarget(baseUrl: string, path: string): string {
  const base = baseUrl.replace(/\/$/, '');
  try {
    return new URL(path.startsWith('/') ? base + path : path).href;
  } catch {
    throw new UsageError(`${path} is neither a path that begins with / nor a URL.`);
  }
}

async function prepareCall(
  method: string,
  path: string,
  options: CallOptions,
  settings: ClientSettings,
): Promise<Call> {
  if (!/^[A-Za-z]+$/.test(method)) throw new UsageError(`${method} is not a method.`);
  const headers = options.header.map(parseHeader);
  if (options.timing) headers.push(['x-xingyun-timing', '1']);
  if (options.deadlineMs !== undefined) {
    headers.push(['x-xingyun-deadline-ms', String(options.deadlineMs)]);
  }
  const body = await readBody(options.data);
  const given = headers.find(([name]) => name === 'content-type')?.[1];
  return {
    method: method.toUpperCase(),
    targetUri: resolveTarget(settings.baseUrl, path),
    headers: headers.filter(([name]) => name !== 'content-type'),
    body,
    contentType: body === undefined ? undefined : (given ?? 'application/json'),
    idempotencyKey: options.idempotencyKey,
  };
}

/** The network's own word for it is two causes deep. */
function networkFailure(error: unknown, baseUrl: string): CommandFailure {
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
  const reason = cause?.code ?? cause?.message ?? (error as Error).message;
  return new CommandFailure(`${baseUrl} gave no answer (${reason}). Is the gateway running?`, {
    cause: error,
  });
}

async function send(
  call: Call,
  settings: ClientSettings,
  verifyAnswers: AnswerVerification,
): Promise<Response> {
  const headers = new Headers();
  for (const [name, value] of call.headers) headers.append(name, value);
  if (call.contentType !== undefined) headers.set('content-type', call.contentType);
  if (call.idempotencyKey !== undefined) headers.set('idempotency-key', call.idempotencyKey);
  const init: RequestInit = { method: call.method, headers };
  if (call.body !== undefined) init.body = call.body;
  let request: Request;
  try {
    request = new Request(call.targetUri, init);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  // One attempt: whoever types a call wants to see what becomes of it.
  const retry = { attemptsMax: 1 };
  const client = createPartnerClient({ ...settings, retry, verifyAnswers });
  try {
    return await client.fetch(request.url, init);
  } catch (error) {
    if (error instanceof AnswerSignatureError) throw new CommandFailure(error.message);
    throw networkFailure(error, settings.baseUrl);
  }
}

async function call(method: string, path: string, options: CallOptions): Promise<void> {
  const settings = readClientSettings(options);
  const prepared = await prepareCall(method, path, options, settings);
  if (options.printCurl) {
    const command = orFail('No curl command', () =>
      curlCommand(createCallSigner(settings), prepared),
    );
    await write(`${command}\n`);
    return;
  }
  const startMs = performance.now();
  const isVerified = options.verifyAnswer === true;
  const response = await send(prepared, settings, isVerified ? 'always' : 'never');
  await showAnswer(response, startMs, {
    isJson: options.json === true,
    withHead: options.include === true,
    withTiming: options.timing === true,
    isVerified,
  });
}

function readDeadline(text: string): number {
  const ms = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (ms >= 1 && ms <= DEADLINE_MAX_MS) return ms;
  throw new InvalidArgumentError(`A whole number from 1 to ${DEADLINE_MAX_MS} is wanted.`);
}

function collect(value: string, all: readonly string[]): readonly string[] {
  return [...all, value];
}

export function register(program: Command): void {
  const command = program
    .command('call')
    .description('Sends one signed call. Exit status 0 for 2xx and 3xx, 1 for everything else.')
    .argument('<method>', 'GET, POST, ...')
    .argument('<path>', 'a path that begins with /, or a URL below the base URL')
    .option('--data <body>', 'the body: text, @file, or @- for standard input')
    .option('--header <name: value>', 'a further header; may be repeated', collect, []);
  addSettingsOptions(command)
    .option('--deadline-ms <n>', 'how long the answer may take, 1 to 600000', readDeadline)
    .option('--idempotency-key <key>', 'the call takes effect once, however often it is sent')
    .option('--verify-answer', 'the answer must be signed by the bank (docs/answers.md)')
    .option('--include', 'shows the head of the answer too')
    .option('--timing', 'shows where the milliseconds went, on standard error')
    .option('--json', 'for scripts: status, headers, body and timing as JSON')
    .option('--print-curl', 'prints a curl command with a fresh signature instead of calling')
    .action(call);
}
