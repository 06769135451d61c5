/** An API as it is stored: what its schema cannot say about paths, ids, scopes and dates. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import { OperationTable, type PublishedOperation } from './check-overlaps.ts';
import type { Refuse } from './form-context.ts';
import { parseInstant } from './instants.ts';
import { checkBasePath, checkTemplate, joinPath } from './path-template.ts';
import { checkPayload } from './payload-form.ts';
import type { Api } from './schema.ts';

const KEYED_METHODS = new Set<string>(['POST', 'PATCH']);

export function completeApi(api: Api, refuse: Refuse): JsonObject {
  checkLifecycle(api, refuse);
  checkAccess(api, refuse);
  checkIdempotency(api, refuse);
  checkPayloads(api, refuse);
  const twice = new Set(refuseTwins(api, refuse));
  const wrong = checkBasePath(api.basePath);
  if (wrong === undefined) checkPaths(api, twice, refuse);
  else refuse('/basePath', wrong);
  return api as unknown as JsonObject;
}

/** Its operations as the table of what is published takes them. */
export function publishedOperations({ id, basePath, operations }: Api): PublishedOperation[] {
  return operations.map(operation => ({
    id: `${id}.${operation.id}`,
    method: operation.method,
    pathTemplate: joinPath(basePath, operation.path),
  }));
}

function checkLifecycle(api: Api, refuse: Refuse): void {
  const isDeprecated = api.lifecycle === 'deprecated';
  const read = (option: 'deprecated' | 'sunset') => {
    const text = api[option];
    if ((text !== undefined) !== isDeprecated) {
      refuse(
        `/${option}`,
        `${isDeprecated ? 'is missing: it' : ''} goes with lifecycle deprecated`,
      );
    }
    const ms = text === undefined ? undefined : parseInstant(text);
    if (text !== undefined && ms === undefined) {
      refuse(`/${option}`, 'must be an instant that exists');
    }
    return ms;
  };
  const sinceMs = read('deprecated');
  const sunsetMs = read('sunset');
  if (sinceMs !== undefined && sunsetMs !== undefined && sunsetMs <= sinceMs) {
    refuse('/sunset', 'must be later than deprecated');
  }
}

function checkAccess({ operations }: Api, refuse: Refuse): void {
  for (const [index, { access, scopes }] of operations.entries()) {
    if (access !== 'public' || scopes.length === 0) continue;
    refuse(`/operations/${index}`, 'is public and names scopes; nobody would be asked for them');
  }
}

/** Only these methods have a body that means something (RFC 9110 section 9.3). */
const BODY_METHODS = new Set<string>(['POST', 'PUT', 'PATCH']);

function checkPayloads({ operations }: Api, refuse: Refuse): void {
  for (const [index, { payload, method }] of operations.entries()) {
    if (payload === undefined) continue;
    const place = `/operations/${index}/payload`;
    if (payload.request !== undefined && !BODY_METHODS.has(method)) {
      refuse(`${place}/request`, 'goes with POST, PUT and PATCH: other calls have no body');
    }
    checkPayload(payload, (pointer, message) => refuse(`${place}${pointer}`, message));
  }
}

/** A key stands for an app's intention to change something once. */
function checkIdempotency({ operations }: Api, refuse: Refuse): void {
  for (const [index, { access, method, idempotency }] of operations.entries()) {
    if (idempotency === 'none' || (access === 'signed' && KEYED_METHODS.has(method))) continue;
    refuse(`/operations/${index}/idempotency`, 'goes with POST and PATCH of signed operations');
  }
}

/** Refuses operations whose id an earlier one has; their positions. */
function refuseTwins({ operations }: Api, refuse: Refuse): number[] {
  const firsts = new Map<string, number>();
  return operations.flatMap(({ id }, index) => {
    const first = firsts.get(id);
    if (first === undefined) {
      firsts.set(id, index);
      return [];
    }
    refuse(`/operations/${index}`, `has the id ${id}, which operations[${first}] has too`);
    return index;
  });
}

/** Holds the sound ones against each other; the desk holds them against other APIs. */
function checkPaths(api: Api, passedOver: ReadonlySet<number>, refuse: Refuse): void {
  const sound: (PublishedOperation & { position: number })[] = [];
  for (const [position, operation] of publishedOperations(api).entries()) {
    if (passedOver.has(position)) continue;
    // On its own first: a missing slash would otherwise hide behind the base path.
    const wrong =
      checkTemplate(api.operations[position]!.path) ?? checkTemplate(operation.pathTemplate);
    if (wrong === undefined) sound.push({ ...operation, position });
    else refuse(`/operations/${position}/path`, wrong);
  }
  for (const { index, message } of new OperationTable().check(api.id, sound)) {
    refuse(`/operations/${sound[index]!.position}`, message);
  }
}
