/** Reads the APIs: their operations, inline or from OpenAPI, as full canonical path templates. */
import { resolve } from 'node:path';
import type { ApiRecord, OperationRecord } from '../../core/snapshot.ts';
import type { ProblemList } from '../config/config-error.ts';
import type { OptionPath, YamlSource } from '../config/yaml-source.ts';
import { checkOverlaps, type DeclaredOperation } from './check-overlaps.ts';
import { loadOpenApi, type ReadOperation } from './load-openapi.ts';
import { checkBasePath, checkTemplate, joinPath } from './path-template.ts';
import type { Registry } from './schema.ts';

type Api = Registry['apis'][number];

/** Operations of all APIs together. */
const OPERATIONS_MAX = 100_000;

interface LocatedOperation extends DeclaredOperation {
  readonly source: YamlSource;
  readonly at: OptionPath;
}

/** The records of every API; what is wrong with them is added to `problems`. */
export function loadApis(
  registry: Registry,
  source: YamlSource,
  folder: string,
  problems: ProblemList,
): ApiRecord[] {
  const declared: LocatedOperation[] = [];
  const records = registry.apis.map((api, index): ApiRecord => {
    const at = ['apis', index];
    const basePathWrong = checkBasePath(api.basePath);
    if (basePathWrong !== undefined) {
      problems.add(source.problem([...at, 'basePath'], basePathWrong));
    }
    const read = readOperations(api, at, source, folder, problems);
    const operations = basePathWrong === undefined ? declareAll(api, read, declared, problems) : [];
    return { id: api.id, direction: api.direction, upstreamId: api.upstream, operations };
  });
  if (declared.length > OPERATIONS_MAX) {
    problems.add(source.problem(['apis'], `have more than ${OPERATIONS_MAX} operations together`));
  }
  checkOverlaps(declared, (operation, message) =>
    problems.add(operation.source.problem(operation.at, message)),
  );
  return records;
}

function readOperations(
  api: Api,
  at: OptionPath,
  source: YamlSource,
  folder: string,
  problems: ProblemList,
): ReadOperation[] {
  if ((api.operations === undefined) === (api.openapi === undefined)) {
    problems.add(source.problem(at, 'must have either operations or openapi'));
    return [];
  }
  if (api.openapi !== undefined) {
    return loadOpenApi(resolve(folder, api.openapi), problems, message =>
      problems.add(source.problem([...at, 'openapi'], message)),
    );
  }
  return api.operations!.map((operation, index) => ({
    ...operation,
    source,
    at: [...at, 'operations', index],
  }));
}

/** The records of the operations that are sound in themselves; they are appended to `declared`. */
function declareAll(
  api: Api,
  operations: readonly ReadOperation[],
  declared: LocatedOperation[],
  problems: ProblemList,
): OperationRecord[] {
  const ids = new Map<string, ReadOperation>();
  const records: OperationRecord[] = [];
  for (const operation of operations) {
    const { source, at } = operation;
    const twin = ids.get(operation.id);
    if (twin !== undefined) {
      const line = twin.source.lineOf(twin.at);
      problems.add(source.problem(at, `has the id ${operation.id}, which line ${line} has too`));
      continue;
    }
    ids.set(operation.id, operation);
    const pathTemplate = joinPath(api.basePath, operation.path);
    // On its own first: a missing slash would otherwise hide behind the base path.
    const wrong = checkTemplate(operation.path) ?? checkTemplate(pathTemplate);
    if (wrong !== undefined) {
      const isInline = api.openapi === undefined;
      problems.add(source.problem(isInline ? [...at, 'path'] : at.slice(0, -1), wrong));
      continue;
    }
    const { method, scopes, access, messageSignature } = operation;
    if (access === 'public' && scopes.length > 0) {
      problems.add(
        source.problem(at, 'is public and names scopes; nobody would be asked for them'),
      );
    }
    const id = `${api.id}.${operation.id}`;
    records.push({ id, method, pathTemplate, scopes, access, messageSignature });
    declared.push({ id, apiId: api.id, method, pathTemplate, source, at });
  }
  return records;
}
