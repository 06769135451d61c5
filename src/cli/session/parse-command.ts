/** The lines that `xingyun ws` understands. */
import { JsonText } from '../../client/index.ts';
import { UsageError } from '../failures.ts';

export type SessionCommand =
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly path: string;
      readonly body: JsonText | undefined;
      readonly isSigned: boolean;
    }
  | { readonly kind: 'call'; readonly operation: string; readonly params: object }
  | { readonly kind: 'subscribe'; readonly topic: string; readonly after: string | undefined }
  | { readonly kind: 'unsubscribe'; readonly topic: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' };

export const COMMANDS_HELP = `\
  GET /accounts/v1/accounts          calls by method and path; JSON behind it is the body
  sign POST /transfers/v1/transfers {"reference":"R-1", ...}
                                     the same with a signature of its own
  call accounts.getBalances {"path":{"accountId":"acc-nebula-pay-1"}}
                                     calls an operation by its id
  subscribe transfer-status [cursor] shows the events of a topic, behind the cursor
  unsubscribe transfer-status        shows them no more
  help                               shows this
  quit                               closes the session
`;

const METHOD = /^[A-Za-z]{1,32}$/;

/**
 * One line; undefined where it is empty or a comment.
 * @throws UsageError where it is none of the commands
 */
export function parseCommand(line: string): SessionCommand | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const [word, rest] = nextWord(text);
  switch (word) {
    case 'help':
    case 'quit':
      rejectRest(word, rest);
      return { kind: word };
    case 'call':
      return parseCall(rest);
    case 'sign':
      return parseRequest(rest, true);
    case 'subscribe':
      return parseSubscribe(rest);
    case 'unsubscribe': {
      const [topic, behind] = requiredWord('unsubscribe', 'a topic', rest);
      rejectRest(word, behind);
      return { kind: 'unsubscribe', topic };
    }
  }
  return parseRequest(text, false);
}

function parseCall(text: string): SessionCommand {
  const [operation, rest] = requiredWord('call', 'the id of an operation', text);
  if (rest === '') return { kind: 'call', operation, params: {} };
  const { body, ...params } = parseObject(rest);
  // The body's own text is lost here: who needs it to the letter calls by method and path.
  return { kind: 'call', operation, params: body === undefined ? params : { ...params, body } };
}

function parseRequest(text: string, isSigned: boolean): SessionCommand {
  const [method, behind] = nextWord(text);
  if (!METHOD.test(method) || !/^(\/|https?:)/.test(behind)) {
    throw new UsageError(`"${shorten(text)}" is no command; help shows them.`);
  }
  const [path, rest] = nextWord(behind);
  return { kind: 'request', method: method.toUpperCase(), path, body: jsonText(rest), isSigned };
}

function parseSubscribe(text: string): SessionCommand {
  const [topic, behind] = requiredWord('subscribe', 'a topic', text);
  const [after, rest] = nextWord(behind);
  rejectRest('subscribe', rest);
  return { kind: 'subscribe', topic, after: after === '' ? undefined : after };
}

/** The first word and what stands behind it. */
function nextWord(text: string): [string, string] {
  const end = text.search(/\s/);
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end).trim()];
}

function requiredWord(command: string, what: string, text: string): [string, string] {
  if (text === '') throw new UsageError(`${command} takes ${what}.`);
  return nextWord(text);
}

function rejectRest(command: string, rest: string): void {
  if (rest !== '') throw new UsageError(`${command} does not take "${shorten(rest)}".`);
}

function jsonText(text: string): JsonText | undefined {
  if (text === '') return undefined;
  try {
    return new JsonText(text);
  } catch (cause) {
    throw new UsageError(`The body is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function parseObject(text: string): { readonly body?: unknown } {
  const json = jsonText(text)!;
  const value: unknown = JSON.parse(json.text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError('The parameters of a call are a JSON object.');
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
