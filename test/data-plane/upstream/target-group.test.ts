import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UpstreamClient } from '../../../src/data-plane/upstream/client.ts';
import { type TargetClient, TargetGroup } from '../../../src/data-plane/upstream/target-group.ts';

function aGroup(...weights: number[]) {
  const clients = weights.map((_, i) => ({
    client: {} as UpstreamClient,
    host: `host-${i}`,
    callsInFlight: 0,
    isClosed: false,
  }));
  const targets = weights.map((weight, i) => ({ host: `host-${i}`, port: 1, weight }));
  return { clients, group: new TargetGroup(targets, clients) };
}

const hostsOf = (group: TargetGroup, calls: number) =>
  Array.from({ length: calls }, () => group.choose().host);

describe('a group of targets', () => {
  it('of one has no choice', () => {
    const { group, clients } = aGroup(1);
    clients[0]!.callsInFlight = 100;
    expect(group.choose()).toBe(clients[0]);
  });

  it('that are even take turns', () => {
    const { group } = aGroup(1, 1, 1);
    expect(hostsOf(group, 6)).toEqual(['host-0', 'host-1', 'host-2', 'host-0', 'host-1', 'host-2']);
  });

  it('that are even take turns by weight, spread out', () => {
    const { group } = aGroup(4, 1, 1);
    expect(hostsOf(group, 6).join(' ')).toBe('host-0 host-0 host-1 host-0 host-2 host-0');
  });

  it('prefers the one with the fewest calls for its weight', () => {
    const { group, clients } = aGroup(1, 3);
    clients[0]!.callsInFlight = 1;
    clients[1]!.callsInFlight = 2;
    expect(hostsOf(group, 3)).toEqual(['host-1', 'host-1', 'host-1']);
    clients[1]!.callsInFlight = 4;
    expect(hostsOf(group, 3)).toEqual(['host-0', 'host-0', 'host-0']);
  });

  it('shares calls by weight, with none in flight and with many', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 6 }),
        fc.constantFrom(0, 10),
        (weights, rounds) => {
          const { group, clients } = aGroup(...weights);
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const taken = new Map<TargetClient, number>();
          const inFlight: TargetClient[] = [];
          const inFlightMax = rounds * total;
          for (let call = 0; call < 50 * total; call++) {
            const target = group.choose();
            taken.set(target, (taken.get(target) ?? 0) + 1);
            target.callsInFlight++;
            inFlight.push(target);
            // The oldest ends: all servers take equally long.
            while (inFlight.length > inFlightMax) inFlight.shift()!.callsInFlight--;
          }
          for (const [i, weight] of weights.entries()) {
            const share = (taken.get(clients[i]!) ?? 0) / (50 * total);
            expect(share).toBeGreaterThan((weight / total) * 0.8);
            expect(share).toBeLessThan((weight / total) * 1.2);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
