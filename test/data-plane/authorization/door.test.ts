import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuthorizationAsk, AuthorizationReply } from '../../../src/core/authorization.ts';
import { type AnswerSink, Exchange, PENDING } from '../../../src/core/exchange.ts';
import { AuthorizationDoor } from '../../../src/data-plane/authorization/index.ts';
import type { NonceClaimant, NonceOutcome } from '../../../src/stores/contracts.ts';
import { anArrival, RecordingDriver, SILENT_SINK } from '../../support/exchanges.ts';

const ANSWER = { status: 200, headers: ['x-a', 'b'], body: '{"fine":true}' };
const SEEN = { status: 401, headers: [], body: 'seen' };
const REVOKED = { tokenId: 'one', expiresAtMs: 9 };
const CLAIM = { appId: 'app-1', name: 'assertion one', expiresAtMs: 9, seen: SEEN };

let asked: AuthorizationAsk[];
let written: unknown[];
let outcome: NonceOutcome | 'later';
let claimant: NonceClaimant | undefined;
let door: AuthorizationDoor;
let driver: RecordingDriver;

beforeEach(() => {
  vi.useFakeTimers();
  [asked, written, outcome, claimant] = [[], [], 'fresh', undefined];
  driver = new RecordingDriver();
  door = new AuthorizationDoor({
    ask: (_, request) => asked.push(request),
    nonces: {
      acceptCreatedAfterMs: 7,
      claim: (_app, _nonce, _expiresAtMs, by) => {
        claimant = by;
        return outcome;
      },
    },
    inFlightMax: 2,
  });
});
afterEach(() => vi.useRealTimers());

function arrive(overrides: Parameters<typeof anArrival>[0] = {}): Exchange {
  const sink: AnswerSink = {
    ...SILENT_SINK,
    begin: (_, status, __, contentLength, hasBody) =>
      written.push([status, contentLength, hasBody]),
    end: (exchange, chunk) => {
      written.push(chunk && Buffer.from(chunk).toString());
      exchange.completed = true;
    },
  };
  const arrival = anArrival({ method: 'POST', path: '/oauth2/token', ...overrides });
  return new Exchange(arrival, { handle: undefined, sink }, driver);
}

const reply = (claims: AuthorizationReply['claims'] = []) => ({ answer: ANSWER, claims });

describe('the door to the authorization server', () => {
  it('lets every other path pass', () => {
    for (const path of ['/', '/oauth2', '/oauth2/token/', '/OAUTH2/token', '/accounts/v1/token']) {
      expect(door.serve(arrive({ path }))).toBeUndefined();
    }
    expect(asked).toEqual([]);
  });

  it('hands over what matters and nothing else, and writes the answer', () => {
    const headers = ['content-type', 'a/b', 'cookie', 'secret', 'dpop', 'one', 'dpop', 'two'];
    const exchange = arrive({ headers });
    exchange.body = Buffer.from('body');
    expect(door.serve(exchange)).toBe(PENDING);
    expect(asked[0]).toMatchObject({
      ...{ method: 'POST', path: '/oauth2/token', acceptIssuedAfterMs: 7 },
      headers: ['content-type', 'a/b', 'dpop', 'one', 'dpop', 'two'],
      body: new Uint8Array(Buffer.from('body')),
    });
    door.take(1, reply());
    expect(written).toEqual([[200, 13, true], ANSWER.body]);
  });

  it('writes no body to HEAD, and none of 304', () => {
    door.serve(arrive({ method: 'HEAD' }));
    door.take(1, reply());
    door.serve(arrive());
    door.take(2, { answer: { ...ANSWER, status: 304, body: '' }, claims: [] });
    expect(written).toEqual([[200, 13, false], undefined, [304, undefined, false], undefined]);
  });

  it('holds the answer back until each jti is known to be fresh', () => {
    outcome = 'later';
    door.serve(arrive());
    door.take(1, reply([CLAIM, CLAIM]));
    expect(written).toEqual([]);
    claimant!.settleNonce('fresh');
    expect(written).toEqual([]);
    claimant!.settleNonce('fresh');
    expect(written).toEqual([[200, 13, true], ANSWER.body]);
  });

  it('asks for a revocation when each jti is fresh, and writes what is said to that', () => {
    outcome = 'later';
    door.serve(arrive({ path: '/oauth2/revoke' }));
    door.take(1, { revoke: REVOKED, claims: [CLAIM] });
    expect(asked).toHaveLength(1);
    claimant!.settleNonce('fresh');
    expect(asked.slice(1)).toEqual([{ revoke: REVOKED }]);
    expect(written).toEqual([]);
    door.take(1, reply());
    expect(written).toEqual([[200, 13, true], ANSWER.body]);
  });

  it.each(['seen', 'full', 'unavailable'] as const)('asks for none where a jti is %s', is => {
    outcome = is;
    const exchange = arrive({ path: '/oauth2/revoke' });
    vi.spyOn(exchange, 'resume').mockImplementation(() => undefined);
    door.serve(exchange);
    door.take(1, { revoke: REVOKED, claims: [CLAIM] });
    expect(asked).toHaveLength(1);
  });

  it('writes another answer where a jti was seen', () => {
    outcome = 'seen';
    door.serve(arrive());
    door.take(1, reply([CLAIM]));
    expect(written).toEqual([[401, 4, true], 'seen']);
  });

  it.each([
    ['full', 'nonce-store-full'],
    ['unavailable', 'nonce-store-unavailable'],
  ] as const)('refuses where the store is %s', (is, name) => {
    outcome = is;
    const exchange = arrive();
    const resume = vi.spyOn(exchange, 'resume').mockImplementation(() => undefined);
    door.serve(exchange);
    door.take(1, reply([CLAIM]));
    expect(resume).toHaveBeenCalledWith(expect.objectContaining({ name }));
    expect(written).toEqual([]);
  });

  it('takes no more at once than it may, and no larger body', () => {
    door.serve(arrive());
    door.serve(arrive());
    expect(door.serve(arrive())).toMatchObject({ name: 'overloaded' });
    door.take(1, reply());
    expect(door.serve(arrive())).toBe(PENDING);
    const large = arrive();
    large.body = new Uint8Array(16_385);
    expect(door.serve(large)).toMatchObject({ name: 'body-too-large' });
  });

  it('refuses once where the main thread hangs, whatever it says later', () => {
    const exchange = arrive();
    const resume = vi.spyOn(exchange, 'resume').mockImplementation(() => undefined);
    door.serve(exchange);
    vi.advanceTimersByTime(5_000);
    expect(resume).toHaveBeenCalledWith(expect.objectContaining({ name: 'overloaded' }));
    door.take(1, reply());
    expect(written).toEqual([]);
  });

  it('forgets who has left, and has room again', () => {
    const exchange = arrive();
    const complete = vi.spyOn(exchange, 'complete').mockImplementation(() => undefined);
    door.serve(exchange);
    door.serve(arrive());
    exchange.source!.cancel();
    expect(complete).toHaveBeenCalledOnce();
    door.take(1, reply());
    expect(written).toEqual([]);
    expect(door.serve(arrive())).toBe(PENDING);
  });
});
