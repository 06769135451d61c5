import { describe, expect, it } from 'vitest';
import { ROLES, type Role } from '../../../src/control-plane/admin/control-context.ts';
import { OperatorDirectory } from '../../../src/control-plane/operators/operator-directory.ts';
import { RECORD_KINDS } from '../../../src/control-plane/registry/kinds.ts';
import { anOperator, CONFIG_ADMIN, refusalOf, tokenOf } from './admin-fixture.ts';
import { startWhole } from './whole-listener.ts';

const EVERYBODY: readonly Role[] = ROLES;
const MANAGERS: readonly Role[] = ['operator', 'partner-manager'];
const OPERATORS: readonly Role[] = ['operator'];
const AUDITORS: readonly Role[] = ['operator', 'auditor'];

const READ = { GET: EVERYBODY, HEAD: EVERYBODY };
const PARTNERS_LISTS = ['partners', 'apps', 'keys', 'subscriptions'];

/** Who may call which route: what docs/admin-api.md promises, written down once more. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, readonly Role[]>>>> = {
  ...Object.fromEntries(
    RECORD_KINDS.flatMap(({ list }) => {
      const writers = PARTNERS_LISTS.includes(list) ? MANAGERS : OPERATORS;
      const writes = { PUT: writers, PATCH: writers, DELETE: writers };
      return [
        [`/v1/${list}`, list === 'partners' ? { ...READ, POST: MANAGERS } : READ],
        [`/v1/${list}/:id`, { ...READ, ...writes }],
      ];
    }),
  ),
  '/v1/keys/:id/revoke': { POST: MANAGERS },
  '/v1/upstreams/:id/health': READ,
  '/v1/upstreams/:id/circuit': { POST: OPERATORS },
  '/v1/tuning': { ...READ, PATCH: OPERATORS, DELETE: OPERATORS },
  '/v1/fronts/:front/drain': { POST: OPERATORS },
  '/v1/fronts/:front/undrain': { POST: OPERATORS },
  '/v1/blocked-sources': { ...READ, POST: OPERATORS },
  '/v1/blocked-sources/:source': { DELETE: OPERATORS },
  '/v1/advice': READ,
  '/v1/alerts': READ,
  '/v1/registry/export': { GET: EVERYBODY },
  '/v1/registry/status': READ,
  '/v1/registry/plan': { POST: EVERYBODY },
  '/v1/registry/apply': { POST: OPERATORS },
  '/v1/registry/rebuild': { POST: OPERATORS },
  '/v1/approvals': READ,
  '/v1/approvals/:id': READ,
  '/v1/approvals/:id/approve': { POST: MANAGERS },
  '/v1/approvals/:id/reject': { POST: MANAGERS },
  '/v1/audit': { GET: AUDITORS },
  '/v1/audit/head': { GET: AUDITORS, HEAD: AUDITORS },
  '/v1/partners/:id/onboarding': READ,
  '/v1/partners/:id/transitions': { POST: MANAGERS },
  '/v1/certifications': { ...READ, POST: MANAGERS },
  '/v1/certifications/:id': READ,
  '/v1/shelf/check': { POST: EVERYBODY },
  '/v1/shelf/import': { POST: OPERATORS },
  '/v1/apis/:id/openapi': READ,
  '/v1/apis/:id/openapi/versions': READ,
  '/v1/search': READ,
  '/v1/requests': READ,
  '/v1/requests/:id': READ,
  '/v1/top': READ,
};

/** Without a role: for whom they are is decided by other things. */
const OPEN = ['/v1/openapi.json'];
const FIGURES = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/histograms',
  '/histograms.hlog',
  '/v1/info',
  '/v1/sessions',
  '/v1/live',
  '/v1/history',
  '/v1/distribution',
];
/** It is where one signs in; routes.test.ts of the console has its refusals. */
const SIGN_IN = '/v1/console/session';
const PUBLISHERS = ['/v1/events'];

const CALLERS = ROLES.map(role => anOperator(`a-${role}`, role));

describe('every route of the listener', () => {
  it('is for the roles that are written down, or for whom else', async () => {
    const { listener } = await startWhole();
    const seen: Record<string, Record<string, readonly Role[]>> = {};
    for (const { url, method, roles } of listener.routes) {
      if (roles === undefined) continue;
      const may = ROLES.filter(
        role => role === 'operator' || roles.includes('viewer') || roles.includes(role),
      );
      seen[url] = { ...seen[url], [method]: may };
    }
    const sorted = (table: typeof EXPECTED) =>
      Object.entries(table)
        .flatMap(([url, methods]) =>
          Object.entries(methods).map(([method, roles]) => `${url} ${method} ${[...roles].sort()}`),
        )
        .sort();
    expect(sorted(seen)).toEqual(sorted(EXPECTED));
    const others = new Set(
      listener.routes.filter(({ roles }) => roles === undefined).map(({ url }) => url),
    );
    expect([...others].sort()).toEqual([...OPEN, SIGN_IN, ...FIGURES, ...PUBLISHERS].sort());
  });
});

/** A path of the route, of records that are not there. */
function pathOf(url: string): string {
  return url.replace(':id', 'nobody').replace(':front', '9').replace(':source', '192.0.2.1');
}

describe('a route is refused', () => {
  it('to everybody without credentials, except what shows nothing of the bank’s', async () => {
    const whole = await startWhole();
    for (const { method, url } of whole.listener.routes) {
      if (url === SIGN_IN) continue;
      const answer = await whole.call(pathOf(url), { method, as: '' });
      const isFree = OPEN.includes(url) || FIGURES.includes(url);
      if (isFree) {
        // /v1/info and /v1/sessions ask what these tests do not have; /v1/live is a WebSocket.
        expect(url === '/v1/live' ? [404] : [200, 500], `${method} ${url}`).toContain(
          answer.status,
        );
      } else if (method === 'HEAD') {
        expect(answer.status, url).toBe(401);
      } else {
        expect(refusalOf(answer), `${method} ${url}`).toBe('401 unauthorized');
      }
    }
    whole.bugs.length = 0;
  });

  it('to everybody without credentials where there is an admin token', async () => {
    const config = { ...CONFIG_ADMIN, tokenFile: 'admin.token' };
    const operators = () => new OperatorDirectory([], tokenOf('admin'));
    const whole = await startWhole({ listener: { config, operators } });
    for (const { method, url } of whole.listener.routes) {
      if (url === SIGN_IN) continue;
      const { status } = await whole.call(pathOf(url), { method, as: '' });
      expect(status === 401, `${method} ${url}`).toBe(!OPEN.includes(url));
    }
  });

  it('to each role that may not, and to no role that may', async () => {
    const operators = () => new OperatorDirectory(CALLERS);
    const whole = await startWhole({ listener: { operators } });
    for (const { method, url, roles } of whole.listener.routes) {
      if (roles === undefined) continue;
      for (const role of ROLES) {
        const { status } = await whole.call(pathOf(url), { method, as: `a-${role}` });
        const may = EXPECTED[url]![method]!.includes(role);
        expect(status !== 403, `${method} ${url} as ${role}`).toBe(may);
        expect(status, `${method} ${url} as ${role}`).not.toBe(401);
        expect(status, `${method} ${url} as ${role}`).toBeLessThan(500);
      }
    }
    expect(whole.desk.revision).toBe(0);
  });
});
