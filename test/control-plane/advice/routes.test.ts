import { describe, expect, it } from 'vitest';
import type { AdviceAnswer } from '../../../src/planning/advice-answer.ts';
import { refusalOf } from '../admin/admin-fixture.ts';
import { startWhole } from '../admin/whole-listener.ts';

describe('GET /v1/advice', () => {
  it('advises every role, by the reference where nobody calls', async () => {
    const admin = await startWhole();
    const { status, body } = await admin.call('/v1/advice', { as: 'vera' });
    expect(status).toBe(200);
    const { measured, terms, asked, present } = body as AdviceAnswer;
    expect(measured).toMatchObject({ state: 'too-few-calls', calls: 0, rate: 0 });
    expect(terms).toMatchObject({ costsFrom: 'default', rate: 0, p99MaxMs: 50 });
    expect(present).toMatchObject({ fronts: 1, workers: 1, cores: 2 });
    expect(asked.days.map(({ callsPerDay }) => callsPerDay)).toEqual([120e6, 1.2e9]);
    expect((await admin.call('/v1/advice', { as: '' })).status).toBe(401);
  });

  it('answers what is asked', async () => {
    const admin = await startWhole();
    const query =
      'perDay=8.64e6&peak=2.5&fronts=2&workers=3&cores=8&mix=rsa=0.5,sm2=0.5' +
      '&p99MaxMs=20.5&utilizationMax=0.6&upstreamP99Ms=0&besideMicros=10';
    const { body } = await admin.call(`/v1/advice?${query}`, { as: 'vera' });
    const { terms, asked } = body as AdviceAnswer;
    expect(terms).toMatchObject({
      ...{ rate: 250, rateFrom: 'query', mix: { rsa: 0.5, sm2: 0.5 }, peak: 2.5 },
      ...{ p99MaxMs: 20.5, utilizationMax: 0.6, upstreamP99From: 'query', besideMicros: 10 },
    });
    expect(asked).toMatchObject({ fronts: 2, workers: 3, cores: 8 });
  });

  it.each([
    ['rate=1&perDay=1', '422 invalid'],
    ['mix=rsa=2', '422 invalid'],
    ['rate=0', '400 malformed-request'],
    ['rate=-1', '400 malformed-request'],
    ['rate=x', '400 malformed-request'],
    ['cores=257', '400 malformed-request'],
    ['fronts=1.5', '400 malformed-request'],
    ['threads=1', '400 malformed-request'],
  ])('refuses %s', async (query, refusal) => {
    const admin = await startWhole();
    expect(refusalOf(await admin.call(`/v1/advice?${query}`, { as: 'vera' }))).toBe(refusal);
  });
});
