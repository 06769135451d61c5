/** The routes of the mock gateway that change something. */
import type { FastifyInstance } from 'fastify';
import { addApprovals } from './approvals.ts';

export type MockTuning = ReturnType<typeof startTuning>;

export function startTuning() {
  const settings = {
    ...{ workersPerFront: 1, batchMax: 64, queueMax: 2_048, placement: 'auto', logLevel: 'info' },
    // As the listener has them: only kinds that are not where `placement` has them.
    placements: { sm2: 'pool' } as Record<string, string>,
  };
  return {
    settings,
    configured: structuredClone(settings),
    costs: [
      { kind: 'hmac-sha256', micros: 4.1, placement: 'inline' },
      { kind: 'rsa-pss-sha512', micros: 42.6, placement: 'pool' },
      { kind: 'ecdsa-p256-sha256', micros: 88.3, placement: 'pool' },
      { kind: 'sm2', micros: 748, placement: 'pool' },
    ],
    fronts: [
      { front: 0, state: 'listening' },
      { front: 1, state: 'listening' },
    ],
    limits: {
      workersPerFront: { min: 1, max: 64 },
      batchMax: { min: 1, max: 1_024 },
      queueMax: { min: 16, max: 65_536 },
    },
  };
}

type Note = (asked: string, reason: string) => void;

interface WithReason {
  Body: { reason: string } & Record<string, unknown>;
}

export function addActions(app: FastifyInstance, tuning: MockTuning, note: Note): void {
  app.get('/v1/tuning', () => tuning);
  app.patch<WithReason>('/v1/tuning', ({ body }) => {
    const { reason, ...settings } = body;
    note(`PATCH /v1/tuning ${JSON.stringify(settings)}`, reason);
    Object.assign(tuning.settings, settings);
    return tuning;
  });
  app.post<WithReason & { Params: { front: string; move: string } }>(
    '/v1/fronts/:front/:move',
    ({ params, body, url }) => {
      note(`POST ${url}`, body.reason);
      const state = params.move === 'drain' ? 'drained' : 'listening';
      tuning.fronts[Number(params.front)]!.state = state;
      return tuning;
    },
  );
  addUpstreams(app, note);
  addApps(app, note);
  addSources(app, note);
  addApprovals(app, note);
}

function addUpstreams(app: FastifyInstance, note: Note): void {
  const circuits: Record<string, string> = {
    'core-banking': 'closed',
    'partner-callbacks': 'open',
  };
  app.get('/v1/upstreams', () => ({ items: Object.keys(circuits).map(id => ({ id })) }));
  app.get<{ Params: { id: string } }>('/v1/upstreams/:id/health', ({ params }) => ({
    upstream: params.id,
    circuit: { state: circuits[params.id] },
    targets: ['up', 'up', circuits[params.id] === 'open' ? 'ejected' : 'up'].map(
      (state, index) => ({
        ...{ host: `10.1.4.${7 + index}`, port: 8_443, weight: 1, state },
      }),
    ),
  }));
  app.post<WithReason & { Params: { id: string } }>(
    '/v1/upstreams/:id/circuit',
    ({ params, body, url }) => {
      note(`POST ${url} ${body.state} ${body.openMs ?? ''}`.trim(), body.reason);
      circuits[params.id] = body.state === 'open' ? 'open' : 'closed';
      return {};
    },
  );
}

function addApps(app: FastifyInstance, note: Note): void {
  const record = {
    id: 'merchant-hub',
    name: 'Merchant Hub',
    partner: 'northwind',
    status: 'active',
  };
  let version = 3;
  app.addContentTypeParser('application/merge-patch+json', { parseAs: 'string' }, (_, body, done) =>
    done(null, JSON.parse(String(body))),
  );
  app.get<{ Params: { id: string } }>('/v1/apps/:id', ({ params }, reply) => {
    if (params.id === record.id) return reply.header('etag', `"${version}"`).send(record);
    return reply.code(404).send({ code: 'missing', detail: `app/${params.id} is not there.` });
  });
  app.patch<{ Body: { status: string }; Querystring: { reason: string } }>(
    '/v1/apps/:id',
    ({ body, query, headers }, reply) => {
      if (headers['if-match'] !== `"${version}"`) return reply.code(412).send({ code: 'stale' });
      note(`PATCH /v1/apps/${record.id} ${body.status}`, query.reason);
      version++;
      record.status = body.status;
      return reply.header('etag', `"${version}"`).send(record);
    },
  );
}

function addSources(app: FastifyInstance, note: Note): void {
  const path = '/v1/blocked-sources';
  const items = [{ source: '198.51.100.0/24', reason: 'Credential stuffing, ticket 4711' }];
  app.get(path, () => ({ items }));
  app.post<{ Body: { source: string; reason: string } }>(path, ({ body }) => {
    note(`POST ${path} ${body.source}`, body.reason);
    items.push({ source: body.source, reason: body.reason });
    return {};
  });
  app.delete<{ Params: { source: string }; Querystring: { reason: string } }>(
    `${path}/:source`,
    ({ params, query }, reply) => {
      note(`DELETE ${path} ${params.source}`, query.reason);
      items.splice(0, items.length, ...items.filter(({ source }) => source !== params.source));
      return reply.code(204).send();
    },
  );
}
