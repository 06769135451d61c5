import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type FastifyInstance, fastify } from 'fastify';
import { checkRequests } from '../../../src/control-plane/admin/check-requests.ts';
import type { ControlContext } from '../../../src/control-plane/admin/control-context.ts';
import { refusalsProblem } from '../../../src/control-plane/admin/refusals.ts';
import { RegistryDesk } from '../../../src/control-plane/registry/desk.ts';
import { SecretSealer } from '../../../src/control-plane/registry/sealer.ts';
import type { ImportChoices } from '../../../src/control-plane/shelf/convert-api.ts';
import { addShelfRoutes } from '../../../src/control-plane/shelf/index.ts';
import { ShelfRefusal } from '../../../src/control-plane/shelf/problems.ts';
import {
  type PlacedIssue,
  type ReadDocument,
  readDocument,
} from '../../../src/control-plane/shelf/read-document.ts';
import {
  type ImportAnswer,
  type ImportRequest,
  ShelfDesk,
  type ShelfOptions,
} from '../../../src/control-plane/shelf/shelf-desk.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import type { JsonObject, JsonValue } from '../../../src/stores/registry-contract.ts';

export const PUBLIC_URL = 'https://api.bank.example';
export const UPSTREAM = { id: 'core', url: 'http://127.0.0.1:8081' };

export async function openRegistry(
  lists: Record<string, readonly JsonObject[]> = { upstreams: [UPSTREAM] },
): Promise<RegistryDesk> {
  const registry = await RegistryDesk.open({
    store: createMemoryRegistryStore(),
    sealer: SecretSealer.create(),
    clock: systemClock,
    publish: () => {},
    served: async () => true,
    report: () => {},
  });
  const applied = await registry.apply({
    actor: 'operator:ann',
    reason: '',
    lists,
    prune: false,
    dryRun: false,
  });
  if ('refusals' in applied) throw new Error(JSON.stringify(applied.refusals.slice(0, 3)));
  return registry;
}

export class ShelfUnderTest implements AsyncDisposable {
  readonly registry: RegistryDesk;
  readonly desk: ShelfDesk;
  readonly bugs: unknown[] = [];

  private constructor(registry: RegistryDesk, options: Partial<ShelfOptions>) {
    this.registry = registry;
    this.desk = new ShelfDesk(registry, systemClock, {
      publicUrl: PUBLIC_URL,
      documentHosts: [],
      reportBug: error => this.bugs.push(error),
      ...options,
    });
  }

  static async open(options: Partial<ShelfOptions> = {}): Promise<ShelfUnderTest> {
    return new ShelfUnderTest(await openRegistry(), options);
  }

  async import(
    document: JsonValue | string,
    choices: Partial<ImportChoices> = {},
    request: Partial<ImportRequest> = {},
  ): Promise<ImportAnswer> {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    const answer = await this.desk.import({
      source: { text },
      choices: { upstream: 'core', skipInvalid: false, deriveIds: false, ...choices },
      actor: 'operator:ann',
      reason: 'a test',
      dryRun: false,
      ...request,
    });
    if ('refusals' in answer) throw new Error(JSON.stringify(answer.refusals.slice(0, 3)));
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.desk.close();
    await this.registry.close();
  }
}

/** The routes of the shelf, without what the admin listener has around them. */
export function openShelfApp(registry: RegistryDesk): FastifyInstance {
  const app = fastify();
  app.setValidatorCompiler(checkRequests as never);
  addShelfRoutes(app, contextOf(registry), {
    registry,
    publicUrl: PUBLIC_URL,
    documentHosts: [],
    reportBug: error => {
      throw error;
    },
  });
  return app;
}

function contextOf(desk: RegistryDesk): ControlContext {
  return {
    registry: desk,
    clock: systemClock,
    principalOf: () => ({ id: 'ann', roles: ['operator'] }),
    propose: () => Promise.reject(new Error('nothing of the shelf needs approval')),
    sendRefusals: (reply, refusals) => {
      const problem = refusalsProblem(refusals);
      return reply.code(problem.status).send(problem);
    },
  };
}

/** The refusal that a promise ends with. */
export async function refusalOf(promise: Promise<unknown>): Promise<ShelfRefusal> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof ShelfRefusal) return outcome;
  throw new Error(`not refused: ${String(outcome)}`);
}

export function read(document: JsonValue | string): ReadDocument {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const outcome = readDocument(text);
  if ('document' in outcome) return outcome.document;
  throw new Error(JSON.stringify(outcome.issues));
}

export function issuesOf(text: string) {
  const outcome = readDocument(text);
  return 'issues' in outcome ? outcome.issues : [];
}

/** `code /pointer` of each. */
export function shown(issues: readonly PlacedIssue[]): string[] {
  return issues.map(({ code, path }) => `${code} /${path.join('/')}`);
}

export function vector(file: string): string {
  const path = new URL(`../../vectors/openapi/${file}.gz`, import.meta.url);
  return gunzipSync(readFileSync(path)).toString('utf8');
}

export const PROBLEM_ANSWER = {
  description: 'A problem.',
  content: { 'application/problem+json': { schema: { type: 'object' } } },
};

/** An operation that breaks no rule of the bank's standard. */
export function operation(operationId: string, more: JsonObject = {}): JsonObject {
  return {
    operationId,
    summary: `Does ${operationId}.`,
    responses: {
      200: {
        description: 'Done.',
        content: {
          'application/json': { schema: { type: 'object' }, example: {} },
        },
      },
      default: PROBLEM_ANSWER,
    },
    ...more,
  };
}

export function documentOf(paths: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    openapi: '3.1.0',
    info: { title: 'Accounts', version: '1.0.0', description: 'Accounts of a customer.' },
    servers: [{ url: 'https://core.bank.example/accounts' }],
    paths,
    ...more,
  };
}

export const ACCOUNT_PARAMETER = {
  name: 'accountId',
  in: 'path',
  required: true,
  schema: { type: 'string' },
};

export const ACCOUNTS = documentOf({
  '/accounts/{accountId}': {
    parameters: [ACCOUNT_PARAMETER],
    get: operation('getAccount'),
  },
});
