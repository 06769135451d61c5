/** Turns the operations of a document into those of an API, and says which it cannot and why. */
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import { createValueCheck } from '../config/schema-check.ts';
import { payloadOfDocument, validationFault } from '../registry/document-payload.ts';
import { operation as operationSchema } from '../registry/schema.ts';
import { canonicalPath, shapeOf } from './canonical-path.ts';
import type { ConvertedOperation } from './converted-operation.ts';
import { operationIdFrom } from './derive-id.ts';
import { dropOverlaps } from './drop-overlaps.ts';
import { isObject } from './json-object.ts';
import { type FoundOperation, findOperations, findUnread } from './path-items.ts';
import type { JsonPath } from './pointers.ts';
import type { PlacedIssue } from './read-document.ts';
import { References } from './references.ts';
import { scopesOf } from './security-scopes.ts';

/** As the registry's schema has it. */
export const OPERATIONS_MAX = 1_000;
const SUMMARY_MAX_CHARACTERS = 200;

export interface OperationsReport {
  /** Of the document, taken or not, those that cannot be read included. */
  readonly count: number;
  readonly taken: readonly ConvertedOperation[];
  readonly refused: readonly PlacedIssue[];
  /** What was taken otherwise than it is written. */
  readonly notes: readonly PlacedIssue[];
}

export interface OperationOptions {
  readonly basePath: string;
  /** Makes an id from method and path where the document's does not serve. */
  readonly deriveIds: boolean;
}

const checkOperation = createValueCheck(operationSchema);

class Converter {
  readonly taken: ConvertedOperation[] = [];
  readonly refused: PlacedIssue[] = [];
  readonly notes: PlacedIssue[] = [];
  private readonly document: JsonObject;
  private readonly references: References;
  private readonly deriveIds: boolean;
  private readonly ids = new Map<string, JsonPath>();
  /** The first template of each shape: parameters of one path have one name each. */
  private readonly shapes = new Map<string, string>();
  /** Objects whose servers were told about. */
  private readonly seen = new Set<JsonObject>();

  constructor(document: JsonObject, references: References, deriveIds: boolean) {
    this.document = document;
    this.references = references;
    this.deriveIds = deriveIds;
  }

  convert(found: FoundOperation): void {
    const { at, method } = found;
    if (method === 'trace') return this.refuse('method', at, 'is TRACE, which passes no gateway');
    const path = this.pathOf(found);
    if (path === undefined) return;
    const id = this.idOf(found, path);
    if (id === undefined) return;
    const scopes = scopesOf(found.value, this.document, this.references);
    if ('note' in scopes) this.note('scopes', at, scopes.note);
    const fault = validationFault(this.document, found.value);
    if (fault !== undefined) return this.refuse('x-validate', [...at, ...placeOf(found)], fault);
    const payload = payloadOfDocument(this.document, found.value);
    const body = {
      ...{ id, ...summaryOf(found.value), method: method.toUpperCase(), path },
      ...(payload === undefined ? {} : { payload: payload as JsonObject }),
    };
    this.take(found, { ...body, ...accessOf(found.value, scopes.scopes) });
    this.noteServers(found);
  }

  /** All operations of an API are called in one place. */
  private noteServers({ value, at, item }: FoundOperation): void {
    for (const [holder, path] of [[value, at] as const, [item.value, item.path] as const]) {
      if (this.seen.has(holder) || !hasOtherServers(holder, this.document)) continue;
      this.seen.add(holder);
      const message = 'is not read: an operation is called where its API is, at the same upstream';
      this.note('servers', [...path, 'servers'], message);
    }
  }

  private refuse(code: string, path: JsonPath, message: string): undefined {
    this.refused.push({ code, path, message });
  }

  private note(code: string, path: JsonPath, message: string): void {
    this.notes.push({ code, path, message });
  }

  private pathOf({ path, at }: FoundOperation): string | undefined {
    const found = canonicalPath(path);
    if ('wrong' in found) return this.refuse('path', at, found.wrong);
    const shape = shapeOf(found.path);
    const first = this.shapes.get(shape);
    if (first === undefined) this.shapes.set(shape, found.path);
    const taken = first ?? found.path;
    if (taken !== path) this.note('path', at, `is taken as ${taken}`);
    return taken;
  }

  private idOf({ value, method, at }: FoundOperation, path: string): string | undefined {
    const given = value.operationId;
    const wrong = this.wrongId(given);
    let id = given as string;
    if (wrong !== undefined) {
      if (!this.deriveIds) {
        const where = given === undefined ? at : [...at, 'operationId'];
        return this.refuse('operation-id', where, wrong);
      }
      id = operationIdFrom(method, path, candidate => this.ids.has(candidate));
      this.note('operation-id', at, `${wrong}; it is taken as ${id}`);
    }
    this.ids.set(id, at);
    return id;
  }

  private wrongId(given: JsonValue | undefined): string | undefined {
    if (given === undefined) return 'has no operationId';
    if (typeof given !== 'string' || !OPERATION_ID.test(given)) {
      return 'must be an id of 1 to 128 letters, digits, ., _ or -';
    }
    return this.ids.has(given) ? 'is the id of an operation before it, too' : undefined;
  }

  private take({ at, value }: FoundOperation, body: ConvertedOperation['body']): void {
    const misfit = checkOperation(structuredClone(body))[0];
    if (misfit !== undefined) {
      const [, property = ''] = misfit.pointer.split('/');
      const name = NAMES_IN_DOCUMENT[property];
      const where = name !== undefined && name in value ? [...at, name] : at;
      return this.refuse(name ?? 'operation', where, misfit.message);
    }
    const { access, scopes } = body;
    if (access === 'public' && Array.isArray(scopes) && scopes.length > 0) {
      const message = 'is public and names scopes; nobody would be asked for them';
      return this.refuse('x-required-scopes', [...at, 'x-required-scopes'], message);
    }
    this.taken.push({ body, at });
  }
}

/** For the whole document it stands at its top, and the operation is what is at fault. */
function placeOf({ value }: FoundOperation): readonly string[] {
  return 'x-validate' in value ? ['x-validate'] : [];
}

const OPERATION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const NAMES_IN_DOCUMENT: Readonly<Record<string, string>> = {
  scopes: 'x-required-scopes',
  access: 'x-access',
  messageSignature: 'x-message-signature',
  idempotency: 'x-idempotency',
  payload: 'x-payload',
};

function hasOtherServers({ servers }: JsonObject, document: JsonObject): boolean {
  const known = serverUrls(document.servers);
  return serverUrls(servers).some(url => !known.includes(url));
}

function serverUrls(servers: JsonValue | undefined): JsonValue[] {
  return Array.isArray(servers)
    ? servers.map(server => (isObject(server) ? server.url! : server))
    : [];
}

function summaryOf({ summary }: JsonObject): { readonly summary?: string } {
  if (typeof summary !== 'string') return {};
  const text = oneLine(summary, SUMMARY_MAX_CHARACTERS);
  return text === '' ? {} : { summary: text };
}

/** Text for people, without line ends, cut where it is longer. */
export function oneLine(text: string, charactersMax: number): string {
  const plain = text.replace(/[\x00-\x1f\x7f\s]+/g, ' ').trim();
  return plain.length <= charactersMax ? plain : `${plain.slice(0, charactersMax - 1).trim()}…`;
}

/** Scopes that a public operation only inherits are nobody's to ask for. */
function accessOf(value: JsonObject, scopes: JsonValue): JsonObject {
  const access = value['x-access'];
  const inherits = !('x-required-scopes' in value);
  return {
    scopes: access === 'public' && inherits ? [] : scopes,
    access: access ?? 'signed',
    messageSignature: value['x-message-signature'] ?? 'session',
    idempotency: value['x-idempotency'] ?? 'none',
  };
}

/** The operations of a document; each is in `taken` or in `refused`. */
export function convertOperations(
  document: JsonObject,
  { basePath, deriveIds }: OperationOptions,
): OperationsReport {
  const references = new References(document);
  const found = findOperations(document, references);
  const converter = new Converter(document, references, deriveIds);
  for (const operation of found) converter.convert(operation);
  const { taken, refused } = dropOverlaps(converter.taken, basePath);
  const unread = findUnread(document, references);
  return {
    count: found.length + unread.refused.length,
    taken,
    refused: [...unread.refused, ...converter.refused, ...refused],
    notes: [...unread.notes, ...converter.notes],
  };
}
