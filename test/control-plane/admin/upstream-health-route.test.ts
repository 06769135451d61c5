import { describe, expect, it } from 'vitest';
import { refusalOf } from './admin-fixture.ts';
import { CORE_HEALTH, startWhole } from './whole-listener.ts';

describe('GET /v1/upstreams/{id}/health', () => {
  it('says what is known of an upstream', async () => {
    const admin = await startWhole();
    const answer = await admin.call('/v1/upstreams/core/health');
    expect(answer).toMatchObject({ status: 200, body: CORE_HEALTH });
  });

  it('is refused where fronts have no such upstream', async () => {
    const admin = await startWhole();
    const answer = await admin.call('/v1/upstreams/nobody/health');
    expect(refusalOf(answer)).toBe('404 missing');
  });
});
