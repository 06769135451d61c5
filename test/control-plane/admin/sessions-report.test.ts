import { describe, expect, it } from 'vitest';
import type { GatewayFacts } from '../../../src/control-plane/admin/gateway-info.ts';
import {
  readSessionsPage,
  reportSessions,
  type SessionsPage,
} from '../../../src/control-plane/admin/sessions-report.ts';
import type { Config } from '../../../src/core/config.ts';
import { FrontTelemetry } from '../../../src/telemetry/front-telemetry.ts';
import { TelemetryReader } from '../../../src/telemetry/telemetry-reader.ts';

const FACTS = {
  config: {
    fronts: { count: 2 },
    webSocket: { path: '/ws', connectionsPerAppMax: 7, messagesPerSecondMax: 9 },
  } as Config,
} as GatewayFacts;

const ALL: SessionsPage = { limit: 100, after: '' };

function appsOf(ids: readonly string[]) {
  const front = new FrontTelemetry(1, 16);
  for (const [i, id] of ids.entries()) {
    front.meter(id).add('sessions', 1);
    front.meter(id).add('messages_rate_limited', i);
  }
  return new TelemetryReader([['front-0', front.shared]]).apps();
}

describe('the report on sessions', () => {
  it('has every figure of each app, their totals, and the limits in force', () => {
    expect(reportSessions(appsOf(['b', 'a', 'c']), FACTS, ALL)).toEqual({
      ...{ sessions: 3, messages: 0, messagesRefused: 0, messagesRateLimited: 3 },
      ...{ eventsSent: 0, eventsDeferred: 0 },
      fronts: 2,
      limits: { connectionsPerAppMax: 7, messagesPerSecondMax: 9 },
      apps: ['a', 'b', 'c'].map(app => ({
        app,
        ...{ sessions: 1, messages: 0, messagesRefused: 0 },
        messagesRateLimited: ['b', 'a', 'c'].indexOf(app),
        ...{ eventsSent: 0, eventsDeferred: 0 },
      })),
    });
  });

  it('comes in pages that hold each app once, with the totals of all in each of them', () => {
    const apps = appsOf(['e', 'd', 'c', 'b', 'a']);
    const seen: string[] = [];
    let after: string | undefined = '';
    let pages = 0;
    while (after !== undefined) {
      const page: ReturnType<typeof reportSessions> = reportSessions(apps, FACTS, {
        limit: 2,
        after,
      });
      expect(page.sessions).toBe(5);
      seen.push(...page.apps.map(({ app }) => app as string));
      after = page.next;
      pages += 1;
    }
    expect([seen, pages]).toEqual([['a', 'b', 'c', 'd', 'e'], 3]);
  });

  it('of no sessions has zeroes', () => {
    expect(reportSessions([], FACTS, ALL)).toMatchObject({ sessions: 0, apps: [] });
  });
});

describe('the page that is asked for', () => {
  it('is the first 100 apps where nothing else is said', () => {
    expect(readSessionsPage({})).toEqual({ limit: 100, after: '' });
    expect(readSessionsPage({ limit: '1000', after: 'a' })).toEqual({ limit: 1_000, after: 'a' });
  });

  it.each([
    [{ limit: '0' }],
    [{ limit: '1001' }],
    [{ limit: '9999' }],
    [{ limit: '1e3' }],
    [{ limit: '' }],
    [{ limit: ['1', '2'] }],
    [{ after: ['a', 'b'] }],
  ])('is refused where it is %j', query => {
    expect(readSessionsPage(query)).toMatchObject({ code: 'malformed-request' });
  });
});
