import { describe, expect, it } from 'vitest';
import { startWhole } from '../admin/whole-listener.ts';

describe('GET /v1/alerts', () => {
  it('shows each rule and the state of its alert to every role', async () => {
    const admin = await startWhole();
    const { status, body } = await admin.call('/v1/alerts', { as: 'vera' });
    expect(status).toBe(200);
    expect(body.alerts.map(({ name }: { name: string }) => name)).toContain('availability-fast');
    expect(body.alerts[0]).toEqual({
      ...{ name: 'availability-outage', severity: 'page', state: 'ok' },
      ...{ sinceMs: admin.clock.wallMs(), value: null, threshold: 100 },
      summary: expect.stringContaining('99.9 %'),
    });
  });

  it('is for nobody without a role', async () => {
    const admin = await startWhole();
    expect((await admin.call('/v1/alerts', { as: '' })).status).toBe(401);
  });
});
