import { beforeEach, describe, expect, it } from 'vitest';
import { addOnboardingRoutes } from '../../../src/control-plane/onboarding/routes.ts';
import { APP_ID, PARTNER_ID, Registry, type Routes, routesOn } from './onboarding-fixture.ts';

let registry: Registry;
let routes: Routes;

beforeEach(async () => {
  registry = await Registry.withPartner('applied');
  routes = routesOn(registry, addOnboardingRoutes);
});

const post = (url: string, payload: object) => routes.app.inject({ method: 'POST', url, payload });

const transitions = (id: string) => `/v1/partners/${id}/transitions`;

describe('POST /v1/partners', () => {
  const application = {
    id: 'nova',
    name: 'Nova',
    class: 'data-provider',
    contacts: [],
    reason: 'met at the fair',
  };

  it('creates a partner that has applied, with the beginning of its history', async () => {
    const answer = await post('/v1/partners', application);
    expect(answer.statusCode).toBe(201);
    expect(answer.headers).toMatchObject({ location: '/v1/partners/nova', etag: '"1"' });
    expect(answer.json()).toMatchObject({
      partner: 'nova',
      state: 'applied',
      steps: [{ from: null, to: 'applied', by: 'operator:ann', reason: 'met at the fair' }],
    });
    expect(registry.desk.get('partner', 'nova')!.body).toMatchObject({ status: 'applied' });
    expect(registry.desk.get('partner', 'nova')!.body).not.toHaveProperty('reason');
  });

  it('takes no state of the caller’s choice, and no partner twice', async () => {
    // Fastify's own way with what a schema does not know is to leave it out.
    const chosen = await post('/v1/partners', { ...application, status: 'production' });
    if (chosen.statusCode < 300) expect(chosen.json().state).toBe('applied');
    else expect(chosen.statusCode).toBe(400);
    const twice = await post('/v1/partners', { ...application, id: PARTNER_ID });
    expect(twice.json().errors).toMatchObject([{ code: 'stale' }]);
  });
});

describe('POST /v1/partners/{id}/transitions', () => {
  it('moves the partner and answers with where it stands', async () => {
    const answer = await post(transitions(PARTNER_ID), { to: 'in-review', reason: 'complete' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers.etag).toBe('"2"');
    expect(answer.json()).toMatchObject({ state: 'in-review', steps: [{ reason: 'complete' }] });
    expect(routes.proposed).toEqual([{ action: 'partner.transition', reason: 'complete' }]);
  });

  it.each([
    {},
    { to: 'in-review' },
    { to: 'in-review', reason: '   ' },
    { to: 'elsewhere', reason: 'x y z' },
  ])('wants a state and a reason: %o', async payload => {
    expect((await post(transitions(PARTNER_ID), payload)).statusCode).toBe(400);
  });

  it('says all that is missing, and changes nothing', async () => {
    await registry.putPartner('applied', []);
    const answer = await post(transitions(PARTNER_ID), { to: 'in-review', reason: 'hasty' });
    expect(answer.statusCode).toBe(409);
    expect(answer.json().errors).toHaveLength(2);
    expect(registry.status()).toBe('applied');
    expect(routes.proposed).toEqual([]);
  });

  it('is accepted and not carried out where a second person must agree', async () => {
    routes.approvalId = 'apr-1';
    const answer = await post(transitions(PARTNER_ID), { to: 'closed', reason: 'left us' });
    expect(answer.statusCode).toBe(202);
    expect(answer.headers.location).toBe('/v1/approvals/apr-1');
    expect(registry.status()).toBe('applied');
  });

  it('answers a closure when every front refuses the partner', async () => {
    const answer = await post(transitions(PARTNER_ID), { to: 'closed', reason: 'left us' });
    const { revision } = registry.desk;
    expect(answer.headers).toMatchObject({
      'x-registry-revision': `${revision}`,
      'x-registry-served': 'true',
    });
  });

  it('answers a closure when keys are revoked and subscriptions ended', async () => {
    await registry.putApp();
    await registry.putKey();
    await registry.putSubscription();
    await post(transitions(PARTNER_ID), { to: 'closed', reason: 'left us' });
    expect(registry.desk.get('key', 'orbit-key')!.body.revoked).toBe(true);
    expect(registry.desk.get('subscription', `${APP_ID}.try-out`)!.body.status).toBe('ended');
  });

  it('looks at what is needed again when the turn of the step comes', async () => {
    await registry.putPartner('in-review');
    await registry.putApp();
    await registry.putKey();
    routes.meanwhile = () => registry.putKey({ revoked: true });
    const answer = await post(transitions(PARTNER_ID), { to: 'sandbox', reason: 'complete' });
    expect(answer.json().errors).toMatchObject([{ code: 'conflict', pointer: '/status' }]);
    expect(registry.status()).toBe('in-review');
  });

  it('takes the step that was asked for although the partner is changed in between', async () => {
    const contacts = ['technical', 'security'].map(role => {
      return { name: 'Other', role, email: 'other@orbit.example' };
    });
    routes.meanwhile = () => registry.putPartner('applied', contacts);
    const answer = await post(transitions(PARTNER_ID), { to: 'in-review', reason: 'complete' });
    expect(answer.statusCode).toBe(200);
    expect(registry.status()).toBe('in-review');
    expect(registry.desk.get('partner', PARTNER_ID)!.body).toMatchObject({ contacts });
  });

  it('knows its partners', async () => {
    const answer = await post(transitions('nobody'), { to: 'closed', reason: 'left us' });
    expect(answer.statusCode).toBe(404);
  });
});

describe('GET /v1/partners/{id}/onboarding', () => {
  it('shows what is next and what is missing for it', async () => {
    const url = `/v1/partners/${PARTNER_ID}/onboarding`;
    const answer = await routes.app.inject({ method: 'GET', url });
    expect(answer.json()).toEqual({
      partner: PARTNER_ID,
      state: 'applied',
      next: [
        { to: 'in-review', missing: [] },
        { to: 'closed', missing: [] },
      ],
      steps: [],
      forgotten: 0,
    });
    const other = await routes.app.inject({ method: 'GET', url: '/v1/partners/no/onboarding' });
    expect(other.statusCode).toBe(404);
  });
});
