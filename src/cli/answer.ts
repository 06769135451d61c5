/** Shows an answer: its body on standard output, what went wrong on standard error. */
import { type ProblemDocument, parseProblem } from '../client/problem-error.ts';
import { PROBLEMS, type ProblemName } from '../core/problems.ts';
import { CommandFailure, EXIT_FAILED } from './failures.ts';
import { complain, write, writeJson } from './output.ts';
import { type CallTiming, formatTiming, parseServerTiming } from './timing.ts';

export interface AnswerView {
  readonly isJson: boolean;
  readonly withHead: boolean;
  readonly withTiming: boolean;
  /** The bank's signature of it was looked at, and verifies. */
  readonly isVerified: boolean;
}

/** Bodies that must be kept whole to be shown: JSON output and problems. */
const KEPT_BODY_MAX_BYTES = 67_108_864;

function isMedia(response: Response, pattern: RegExp): boolean {
  return pattern.test(response.headers.get('content-type') ?? '');
}

async function keepBody(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bodyOf(response)) {
    length += chunk.byteLength;
    if (length > KEPT_BODY_MAX_BYTES) {
      throw new CommandFailure(`The body is larger than ${KEPT_BODY_MAX_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) yield chunk;
  } catch (cause) {
    throw new CommandFailure('The connection broke in the middle of the body.', { cause });
  }
}

function takeTiming(response: Response, startMs: number): CallTiming {
  return {
    clientTotalMs: performance.now() - startMs,
    stages: parseServerTiming(response.headers.get('server-timing')),
  };
}

function headText(response: Response): string {
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}\n`);
  return `HTTP ${response.status} ${response.statusText}`.trimEnd().concat('\n', ...lines, '\n');
}

/** JSON where it is JSON, text where it is UTF-8, base64 otherwise. */
function presentBody(response: Response, body: Buffer): unknown {
  const text = body.toString('utf8');
  if (isMedia(response, /^application\/([\w.-]+\+)?json\b/i)) {
    try {
      return JSON.parse(text);
    } catch {
      // Labelled as JSON and is not: shown as it came.
      return text;
    }
  }
  return Buffer.from(text).equals(body) ? text : { base64: body.toString('base64') };
}

/** For a person: what was refused, and what to change. */
export function describeProblem(status: number, document: ProblemDocument): string {
  const { code, title, detail, requestId, type, errors = [] } = document;
  const lines = [`${status} ${code ?? ''}`.trimEnd() + (title === undefined ? '' : `: ${title}`)];
  if (detail !== undefined) lines.push(`  ${detail}`);
  for (const place of errors) lines.push(`  ${place.pointer}: ${place.detail}`);
  if (code !== undefined && type === `/problems/${code}` && Object.hasOwn(PROBLEMS, code)) {
    lines.push(`  What to change: ${PROBLEMS[code as ProblemName].remedy}`);
  }
  if (requestId !== undefined) lines.push(`  Request id: ${requestId}`);
  return `${lines.join('\n')}\n`;
}

async function showText(response: Response, withHead: boolean): Promise<void> {
  if (withHead) await write(headText(response));
  if (response.status >= 400 && isMedia(response, /^application\/problem\+json\b/i)) {
    const body = await keepBody(response);
    const document = parseProblem(body.toString('utf8'));
    if (document === undefined) await write(body);
    else complain(describeProblem(response.status, document));
    return;
  }
  let last = 0x0a;
  for await (const chunk of bodyOf(response)) {
    await write(chunk);
    last = chunk.at(-1) ?? last;
  }
  // A prompt on the line of the body helps nobody; a pipe gets the bytes as they are.
  if (process.stdout.isTTY && last !== 0x0a) await write('\n');
  if (response.status >= 400) complain(`${response.status} ${response.statusText}\n`);
}

/** @param startMs monotonic time at which the call began */
export async function showAnswer(
  response: Response,
  startMs: number,
  view: AnswerView,
): Promise<void> {
  if (response.status >= 400) process.exitCode = EXIT_FAILED;
  if (view.isJson) {
    const body = presentBody(response, await keepBody(response));
    const timing = takeTiming(response, startMs);
    const headers = Object.fromEntries(response.headers);
    const { status } = response;
    const verified = view.isVerified ? { answerVerified: true } : {};
    await writeJson({ status, headers, body, timing, ...verified });
    return;
  }
  await showText(response, view.withHead);
  if (view.isVerified) complain('The answer is signed by the bank, for this call.\n');
  if (view.withTiming) complain(formatTiming(takeTiming(response, startMs)));
}
