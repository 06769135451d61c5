/** Checks requests against the schemas of their routes, which the OpenAPI document shows too. */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { createValueCheck, type ValueCheck } from '../config/schema-check.ts';
import { adminProblem } from './problems.ts';
import { type ProblemItem, withItems } from './refusals.ts';
import { RequestRefused } from './request-refused.ts';

/** For `app.setValidatorCompiler`. */
export const checkRequests: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const isBody = httpPart === 'body';
  const types = isBody ? undefined : textTypes(schema);
  let check: ValueCheck | undefined;
  return (given: unknown) => {
    // An action may come without a body where nothing in it is mandatory.
    const value = types === undefined ? (given ?? {}) : readTexts(given as Texts, types);
    // Compiled when first needed: a hundred schemas at the start would take longer than all else.
    check ??= createValueCheck(schema);
    const misfits = check(value);
    if (misfits.length === 0) return { value };
    const items = misfits.map(({ pointer, message }) => ({ pointer, message, code: 'invalid' }));
    return { error: isBody ? bodyRefused(items) : partRefused(items, String(httpPart)) };
  };
};

/** The same for routes whose body is a record: the registry checks it, with all that it names. */
export const checkAllButBody: FastifySchemaCompiler<TSchema> = route =>
  route.httpPart === 'body' ? value => ({ value }) : checkRequests(route);

function bodyRefused(items: readonly ProblemItem[]): RequestRefused {
  const detail = `The body ${describe(items)}.`;
  return new RequestRefused(withItems(adminProblem('invalid', detail), items));
}

function partRefused(items: readonly ProblemItem[], part: string): RequestRefused {
  const name = part === 'querystring' ? 'query' : part;
  const detail = `In the ${name}, ${describe(items).slice(1)}.`;
  return new RequestRefused(withItems(adminProblem('malformed-request', detail), items));
}

function describe([first]: readonly ProblemItem[]): string {
  const { pointer, message } = first!;
  return pointer === '' ? message : `${pointer} ${message}`;
}

type Texts = Readonly<Record<string, unknown>>;
type TextType = 'integer' | 'number' | 'boolean';

/** Which parameters are no text. */
function textTypes({ properties = {} }: { properties?: Readonly<Record<string, unknown>> }) {
  const types = new Map<string, TextType>();
  for (const [name, property] of Object.entries(properties)) {
    const { type } = property as { type?: string };
    if (type === 'integer' || type === 'number' || type === 'boolean') types.set(name, type);
  }
  return types;
}

/** Numbers and truth values are read where they are plainly that; the schema says the rest. */
function readTexts(given: Texts, types: ReadonlyMap<string, TextType>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => [name, readText(text, types.get(name))]),
  );
}

function readText(text: unknown, type: TextType | undefined): unknown {
  if (typeof text !== 'string') return text;
  if (type === 'integer' && /^\d{1,15}$/.test(text)) return Number(text);
  if (type === 'number' && /^\d{1,15}(\.\d{1,15})?([eE]\+?\d{1,2})?$/.test(text))
    return Number(text);
  if (type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}
