/** Whether a revoked key is still accepted anywhere once its revocation has been confirmed. */
import { setTimeout as pause } from 'node:timers/promises';
import { benchKeyId, type KeyName } from '../rig/bench-folder.ts';
import type { BenchGateway } from '../rig/bench-gateway.ts';
import type { AdminDoor, ChangeTimes } from './admin-door.ts';
import type { FinishedCall } from './caller.ts';
import { Callers } from './callers.ts';
import { LiveRequests } from './live-requests.ts';
import type { RevocationFigures } from './registry-result.ts';
import { hundredths, timesOf } from './times.ts';
import { durationOf } from './visibility-phase.ts';

export interface RevocationRig {
  readonly gateway: BenchGateway;
  readonly door: AdminDoor;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** Cheapest to sign of those that are not shared, so that calls follow each other closely. */
export const REVOKED_KEY: KeyName = 'es256';
/** The problem that a revoked key is refused with. */
const REVOKED = 'key-inactive';
const CONNECTIONS_PER_FRONT = 4;
/** Of each connection, with the key, before it is revoked. */
const ACCEPTED_FIRST = 20;
/** How long calls go on behind the answer: twice as long as a front may take. */
const WATCHED_MS = 200;

/** A call, and the front that had it. */
export interface SeenCall extends FinishedCall {
  readonly front: number;
}

export interface RevokedKey {
  readonly times: ChangeTimes;
  readonly calls: readonly SeenCall[];
}

/** @throws Error where calls fail before their key is revoked, or a connection is lost */
export async function measureRevocations(
  rig: RevocationRig,
  fronts: number,
  keys: number,
): Promise<RevocationFigures> {
  // Of an app behind those whose keys are revoked: it only opens the connections.
  const requests = new LiveRequests(REVOKED_KEY, benchKeyId(REVOKED_KEY, keys));
  await using callers = await Callers.open(rig.gateway, requests, fronts, CONNECTIONS_PER_FRONT);
  const revoked: RevokedKey[] = [];
  for (let key = 0; key < keys; key++) {
    rig.signal.throwIfAborted();
    rig.progress(`key ${key + 1} of ${keys} is revoked while it is used`);
    revoked.push(await revokeInUse(rig, callers, requests, benchKeyId(REVOKED_KEY, key)));
  }
  const connectionsByFront = Array.from(
    { length: fronts },
    (_, front) => callers.all.filter(caller => caller.front === front).length,
  );
  return { keys, connectionsByFront, ...revocationFigures(revoked, fronts) };
}

async function revokeInUse(
  { door, signal }: RevocationRig,
  callers: Callers,
  requests: LiveRequests,
  keyId: string,
): Promise<RevokedKey> {
  requests.use(keyId);
  const calls: SeenCall[] = [];
  const used = Promise.withResolvers<void>();
  let unused = callers.all.length;
  let goesOn = true;
  const calling = callers.all.map(({ front, caller }) => {
    let accepted = 0;
    return caller.call(({ sentMs, fault }) => {
      calls.push({ front, sentMs, fault });
      if (fault !== undefined && fault !== REVOKED) used.reject(failedError(fault));
      if (fault === undefined) accepted += 1;
      if (accepted === ACCEPTED_FIRST && fault === undefined && --unused === 0) used.resolve();
      return goesOn;
    });
  });
  const revoking = async (): Promise<ChangeTimes> => {
    await used.promise;
    const times = await door.change({ method: 'POST', path: `/v1/keys/${keyId}/revoke` });
    await pause(WATCHED_MS, undefined, { signal });
    goesOn = false;
    return times;
  };
  try {
    const [times] = await Promise.all([revoking(), ...calling]);
    return { times, calls };
  } finally {
    goesOn = false;
  }
}

/** @throws Error where a call failed for another reason */
export function revocationFigures(
  revoked: readonly RevokedKey[],
  fronts: number,
): Omit<RevocationFigures, 'keys' | 'connectionsByFront'> {
  const refusedAfterByFront = new Array<number>(fronts).fill(0);
  let [acceptedBefore, acceptedAfter] = [0, 0];
  const lastAcceptedMs = revoked.map(({ times, calls }) => {
    let lastMs = Number.NEGATIVE_INFINITY;
    for (const { front, sentMs, fault } of calls) {
      const isAfter = sentMs > times.answeredMs;
      if (fault === undefined) {
        lastMs = Math.max(lastMs, sentMs - times.answeredMs);
        if (isAfter) acceptedAfter += 1;
        else acceptedBefore += 1;
        continue;
      }
      if (fault !== REVOKED) throw failedError(fault);
      if (isAfter) refusedAfterByFront[front]! += 1;
    }
    return hundredths(lastMs);
  });
  return {
    ...{ acceptedBefore, acceptedAfter, lastAcceptedMs, refusedAfterByFront },
    confirmed: timesOf(revoked.map(({ times }) => durationOf(times))),
  };
}

function failedError(fault: string): Error {
  return new Error(`a call of a key that was in use was answered with ${fault}`);
}
