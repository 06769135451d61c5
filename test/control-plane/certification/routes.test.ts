import { beforeEach, describe, expect, it } from 'vitest';
import { CertificationDesk } from '../../../src/control-plane/certification/certification-desk.ts';
import { addCertificationRoutes } from '../../../src/control-plane/certification/routes.ts';
import { APP_ID, Registry, type Routes, routesOn } from '../onboarding/onboarding-fixture.ts';
import { ObservedCalls, RUN_ID } from './observed-calls.ts';

let desk: CertificationDesk;
let routes: Routes;

beforeEach(async () => {
  const registry = await Registry.withPartner('sandbox');
  await registry.putApp();
  await registry.putApp({ id: 'second-app' });
  const reportFailure = (_runId: string, reason: string) => {
    throw new Error(reason);
  };
  desk = new CertificationDesk({
    ...{ registry: registry.desk, clock: registry.clock, reportFailure },
    onOpenRuns: () => undefined,
  });
  routes = routesOn(registry, (app, context) => addCertificationRoutes(app, context, desk));
});

const post = (payload: object) =>
  routes.app.inject({ method: 'POST', url: '/v1/certifications', payload });
const get = (path = '') => routes.app.inject({ url: `/v1/certifications${path}` });

describe('POST /v1/certifications', () => {
  it('opens a run, and says where its report is', async () => {
    const answer = await post({ app: APP_ID, reason: 'ready' });
    expect(answer.statusCode).toBe(201);
    const { id } = answer.json();
    expect(answer.headers.location).toBe(`/v1/certifications/${id}`);
    expect(answer.json()).toMatchObject({ app: APP_ID, state: 'open', openedBy: 'operator:ann' });
  });

  it('refuses what is no sandbox app, and what names none', async () => {
    expect((await post({ app: 'no-app' })).statusCode).toBe(404);
    expect((await post({})).statusCode).toBe(400);
  });
});

describe('GET /v1/certifications', () => {
  it('shows a report with its evidence, and without what is kept to judge by', async () => {
    const { id } = (await post({ app: APP_ID })).json();
    const call = new ObservedCalls().call('valid-signature');
    const requestId = call.requestId.replace(RUN_ID, id);
    desk.observe({ ...call, appId: APP_ID, requestId });
    await desk.sweep();
    const report = (await get(`/${id}`)).json();
    expect(report).toMatchObject({ id, state: 'open', callsSeen: 1 });
    expect(report).not.toHaveProperty('calls');
    expect(report.steps[0]).toMatchObject({
      name: 'valid-signature',
      state: 'passed',
      evidence: [{ requestId, keyId: 'key-a', status: 200 }],
    });
    expect((await get('/cert-0')).statusCode).toBe(404);
  });

  it('lists runs by app, partner and state, a page at a time', async () => {
    const ids: string[] = [];
    for (const app of [APP_ID, APP_ID, 'second-app']) ids.push((await post({ app })).json().id);
    const list = async (query: string) => {
      const { items, next } = (await get(query)).json();
      return { ids: items.map(({ id }: { id: string }) => id), next };
    };
    expect((await list('')).ids).toEqual(ids.toSorted());
    expect((await list(`?app=${APP_ID}&state=open`)).ids).toEqual([ids[1]]);
    expect((await list('?partner=nobody')).ids).toEqual([]);
    const first = await list('?limit=2');
    expect(first.ids).toHaveLength(2);
    const rest = await list(`?limit=2&cursor=${first.next}`);
    expect([...first.ids, ...rest.ids]).toEqual(ids.toSorted());
    expect(rest.next).toBeUndefined();
    expect((await get('?state=done')).statusCode).toBe(400);
  });
});
