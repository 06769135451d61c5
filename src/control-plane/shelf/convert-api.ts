/** From a document and what the operator says beside it to the record of an API. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import { checkBasePath } from '../registry/path-template.ts';
import {
  convertOperations,
  OPERATIONS_MAX,
  type OperationsReport,
  oneLine,
} from './convert-operations.ts';
import { isObject } from './json-object.ts';
import type { PlacedIssue } from './read-document.ts';

const NAME_MAX_CHARACTERS = 200;
const DESCRIPTION_MAX_CHARACTERS = 4_000;
const VERSION = /^v?(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?(?:[-+][0-9A-Za-z.+-]*)?$/;
const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** What the operator says; everything else is in the document, or as it was. */
export interface ImportChoices {
  readonly id?: string;
  readonly version?: string;
  readonly basePath?: string;
  readonly upstream?: string;
  readonly sandboxUpstream?: string;
  /** Deprecation has dates, and is said to the record itself. */
  readonly lifecycle?: 'draft' | 'published';
  readonly skipInvalid: boolean;
  readonly deriveIds: boolean;
}

export interface ConvertedApi {
  /** Undefined where there are issues. */
  readonly body: JsonObject | undefined;
  /** Why there is no record. */
  readonly issues: readonly PlacedIssue[];
  readonly notes: readonly PlacedIssue[];
  readonly operations: OperationsReport;
}

/** @param existing the API's record as it is, where there is one */
export function convertApi(
  document: JsonObject,
  choices: ImportChoices,
  existing: JsonObject | undefined,
): ConvertedApi {
  const issues: PlacedIssue[] = [];
  const notes: PlacedIssue[] = [];
  const info = isObject(document.info) ? document.info : {};
  const basePath = basePathOf(document, choices, existing, issues, notes);
  const operations = convertOperations(document, {
    basePath: checkBasePath(basePath) === undefined ? basePath : '/',
    deriveIds: choices.deriveIds,
  });
  const fields = {
    id: idOf(document, choices, issues),
    name: nameOf(info, issues),
    ...descriptionOf(info),
    version: versionOf(info, choices, issues, notes),
    basePath,
    operations: operations.taken.map(({ body }) => body),
  };
  issues.push(...operationIssues(operations, choices.skipInvalid));
  if (issues.length > 0) return { body: undefined, issues, notes, operations };
  const { upstream, sandboxUpstream, lifecycle } = choices;
  const said = Object.entries({ upstream, sandboxUpstream, lifecycle }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const kept = keptOf(existing, lifecycle);
  return { body: { ...kept, ...fields, ...Object.fromEntries(said) }, issues, notes, operations };
}

/** Of the record as it is: a description that is gone goes, and dates go with their lifecycle. */
function keptOf(existing: JsonObject | undefined, lifecycle: string | undefined): JsonObject {
  const { description: _, ...kept } = existing ?? {};
  if (lifecycle === undefined) return kept;
  const { deprecated: _deprecated, sunset: _sunset, ...rest } = kept;
  return rest;
}

function operationIssues(operations: OperationsReport, skipInvalid: boolean): PlacedIssue[] {
  const { count, taken, refused } = operations;
  const whole = (code: string, message: string) => [{ code, path: ['paths'], message }];
  if (count > OPERATIONS_MAX) {
    const split = 'split it, for example by the first segment of the paths';
    const message = `has ${count} operations, where an API has at most ${OPERATIONS_MAX}; ${split}`;
    return whole('operations-too-many', message);
  }
  if (refused.length > 0 && !skipInvalid) return [...refused];
  if (taken.length > 0) return [];
  return whole('operations-none', count === 0 ? 'has no operation' : 'has no operation to take');
}

export function idOf(
  document: JsonObject,
  choices: Pick<ImportChoices, 'id'>,
  issues: PlacedIssue[],
): string {
  const declared = document['x-xingyun-id'];
  const id = choices.id ?? declared;
  if (typeof id === 'string' && ID.test(id)) return id;
  const message = 'needs the API’s id: say it, or write x-xingyun-id (letters, digits, _ and -)';
  issues.push({ code: 'id', path: declared === undefined ? [] : ['x-xingyun-id'], message });
  return '';
}

function nameOf({ title }: JsonObject, issues: PlacedIssue[]): string {
  const name = typeof title === 'string' ? oneLine(title, NAME_MAX_CHARACTERS) : '';
  if (name === '') {
    issues.push({ code: 'title', path: ['info'], message: 'must have a title, the API’s name' });
  }
  return name;
}

function descriptionOf({ description }: JsonObject): { readonly description?: string } {
  if (typeof description !== 'string' || description.trim() === '') return {};
  return { description: description.trim().slice(0, DESCRIPTION_MAX_CHARACTERS) };
}

function versionOf(
  info: JsonObject,
  choices: ImportChoices,
  issues: PlacedIssue[],
  notes: PlacedIssue[],
): string {
  const given = choices.version ?? info.version;
  const path = ['info', 'version'];
  const parts = typeof given === 'string' ? VERSION.exec(given.trim()) : null;
  if (parts === null) {
    const message = 'is no version major.minor.patch; correct it, or say the version beside it';
    issues.push({ code: 'version', path, message });
    return '';
  }
  const version = parts
    .slice(1, 4)
    .map(part => Number(part ?? 0))
    .join('.');
  if (version !== given) notes.push({ code: 'version', path, message: `is taken as ${version}` });
  return version;
}

/** The operator's, or as it was, or the path of the document's first server. */
function basePathOf(
  document: JsonObject,
  choices: ImportChoices,
  existing: JsonObject | undefined,
  issues: PlacedIssue[],
  notes: PlacedIssue[],
): string {
  const known = choices.basePath ?? existing?.basePath;
  const basePath = typeof known === 'string' ? known : serverPath(document);
  const path = ['servers', 0, 'url'];
  if (basePath === undefined) {
    notes.push({ code: 'base-path', path: ['servers'], message: 'has none; the base path is /' });
    return '/';
  }
  const wrong = checkBasePath(basePath);
  if (wrong !== undefined) {
    const message = `gives the base path ${JSON.stringify(basePath)}, which ${wrong}`;
    issues.push({ code: 'base-path', path, message });
  }
  return basePath;
}

/** RFC 3986: servers may be relative, and have variables with defaults. */
function serverPath(document: JsonObject): string | undefined {
  const server = Array.isArray(document.servers) ? document.servers[0] : undefined;
  if (!isObject(server) || typeof server.url !== 'string') return undefined;
  const variables = isObject(server.variables) ? server.variables : {};
  const url = server.url.replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = variables[name];
    return isObject(variable) && variable.default !== undefined ? String(variable.default) : whole;
  });
  const path = url.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/, '').replace(/[?#].*$/, '');
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed;
}
