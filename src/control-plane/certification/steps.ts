/**
 * What an app must show, as one table. Each step is judged by what the gateway saw of the calls
 * that bear its name, and by nothing that the partner says.
 */
import type { ObservedCall } from '../../core/observations.ts';

export const STEP_NAMES = [
  'valid-signature',
  'refused-replay',
  'refused-digest',
  'refused-clock',
  'rotation',
  'idempotent-retry',
  'error-handling',
  'timeout',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

export const STEP_STATES = ['open', 'passed', 'failed'] as const;
export type StepState = (typeof STEP_STATES)[number];

/** What was found of one step. */
export interface Finding {
  readonly state: StepState;
  /** Why it is so; where it is open, what is still to be seen. */
  readonly why: string;
  /** The calls that show it. */
  readonly evidence: readonly ObservedCall[];
}

interface Step {
  /** For people: what the app does in this step. */
  readonly task: string;
  /** @param calls those of this step, by the time at which they began */
  judge(calls: readonly ObservedCall[]): Finding;
}

/**
 * Ends are told in whole milliseconds, so a call that followed another may seem to have begun a
 * little before that one's end.
 */
const ORDER_SLACK_MS = 5;
/** A caller that gives up sooner than this has not waited for anything. */
const GIVE_UP_MIN_MS = 100;
/** A caller that waits longer has no deadline to speak of. */
export const GIVE_UP_MAX_MS = 10_000;

const SAFE = new Set(['GET', 'HEAD']);
const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

const open = (why: string): Finding => ({ state: 'open', why, evidence: [] });
const passed = (why: string, evidence: readonly ObservedCall[]): Finding => ({
  state: 'passed',
  why,
  evidence,
});
const failed = (why: string, evidence: readonly ObservedCall[]): Finding => ({
  state: 'failed',
  why,
  evidence,
});

function succeeded({ proven, aborted, code, status }: ObservedCall): boolean {
  return proven && !aborted && code === undefined && status >= 200 && status < 300;
}

function beganMs({ atMs, totalMs }: ObservedCall): number {
  return atMs - totalMs;
}

function follows(later: ObservedCall, earlier: ObservedCall): boolean {
  return later !== earlier && beganMs(later) >= earlier.atMs - ORDER_SLACK_MS;
}

function judgeValidSignature(calls: readonly ObservedCall[]): Finding {
  const good = calls.find(succeeded);
  if (good === undefined) return open('A call that is signed and answered with 2xx.');
  return passed(`Answered ${good.status}.`, [good]);
}

/** That the nonce was seen before is that a call with it was accepted. */
function judgeReplay(calls: readonly ObservedCall[]): Finding {
  const good = calls.find(succeeded);
  const replay = calls.find(({ code }) => code === 'signature-replayed');
  if (good === undefined) return open('A call that is signed and answered with 2xx.');
  if (replay === undefined) return open('The same call sent again with the same nonce.');
  return passed('The second sending was refused as signature-replayed.', [good, replay]);
}

/** The app meets this refusal, and then signs a call that is accepted. */
function refusedThenGood(code: string, how: string): Step['judge'] {
  return calls => {
    const refused = calls.find(call => call.code === code);
    if (refused === undefined) return open(how);
    const good = calls.find(call => succeeded(call) && follows(call, refused));
    if (good === undefined) return open('After the refusal a call that is answered with 2xx.');
    return passed(`Refused as ${code}, then answered ${good.status}.`, [refused, good]);
  };
}

function judgeRotation(calls: readonly ObservedCall[]): Finding {
  const good = calls.filter(succeeded);
  const [first] = good;
  if (first === undefined) return open('A call with each of two keys of the app.');
  const other = good.find(({ keyId }) => keyId !== first.keyId);
  if (other === undefined) return open(`A call with another key than ${first.keyId}.`);
  return passed(`${first.keyId} and ${other.keyId} were accepted.`, [first, other]);
}

function judgeIdempotentRetry(calls: readonly ObservedCall[]): Finding {
  const retries = calls.filter(
    ({ proven, method, idempotencyKeyDigest }) =>
      proven && UNSAFE.has(method) && idempotencyKeyDigest !== undefined,
  );
  for (const first of retries) {
    const second = retries.find(call => isRetry(call, first));
    if (second === undefined) continue;
    const both = [first, second];
    if (!both.every(succeeded)) return failed('One of the two was not answered with 2xx.', both);
    if (first.status !== second.status) {
      return failed(`Answered ${first.status} and then ${second.status}.`, both);
    }
    return passed(`Both were answered ${first.status}.`, both);
  }
  return open('The same POST, PUT, PATCH or DELETE twice with the same Idempotency-Key.');
}

function isRetry(call: ObservedCall, first: ObservedCall): boolean {
  return (
    call.idempotencyKeyDigest === first.idempotencyKeyDigest &&
    call.operationId === first.operationId &&
    call.method === first.method &&
    follows(call, first)
  );
}

/** What was refused for its content is refused again: to repeat it as it is helps nobody. */
function judgeErrorHandling(calls: readonly ObservedCall[]): Finding {
  const refused = calls.filter(({ proven, status }) => proven && status >= 400 && status < 500);
  const [first] = refused;
  if (first === undefined) return open('A call that the API refuses with 4xx.');
  if (refused.length > 1) {
    return failed(`${refused.length} calls were refused: it was repeated blindly.`, refused);
  }
  const good = calls.find(call => succeeded(call) && follows(call, first));
  if (good === undefined) return open('After the refusal a call that is answered with 2xx.');
  return passed(`Refused once with ${first.status}, then answered ${good.status}.`, [first, good]);
}

/** Of safe methods only: the front hears at once that the caller of such a call has left. */
function judgeTimeout(calls: readonly ObservedCall[]): Finding {
  const left = calls.find(
    ({ proven, aborted, method, totalMs }) =>
      proven && aborted && SAFE.has(method) && totalMs >= GIVE_UP_MIN_MS,
  );
  if (left === undefined)
    return open('A slow GET whose caller gives up and closes the connection.');
  const waitedMs = Math.round(left.totalMs);
  if (waitedMs > GIVE_UP_MAX_MS) {
    return failed(`It gave up after ${waitedMs} ms; ${GIVE_UP_MAX_MS} ms are the most.`, [left]);
  }
  const good = calls.find(call => {
    return succeeded(call) && call.operationId === left.operationId && follows(call, left);
  });
  if (good === undefined) return open('After giving up, the same operation again with success.');
  return passed(`Gave up after ${waitedMs} ms, then answered ${good.status}.`, [left, good]);
}

export const STEPS: Readonly<Record<StepName, Step>> = {
  'valid-signature': {
    task: 'Signs a call that the gateway accepts.',
    judge: judgeValidSignature,
  },
  'refused-replay': {
    task: 'Sends a call twice with the same signature and sees the second refused.',
    judge: judgeReplay,
  },
  'refused-digest': {
    task: 'Sends a body that is not the one that was signed, sees it refused, and signs anew.',
    judge: refusedThenGood('digest-mismatch', 'A call whose Content-Digest is of another body.'),
  },
  'refused-clock': {
    task: 'Signs with a clock that is wrong, sees it refused, and signs with the right time.',
    judge: refusedThenGood('signature-expired', 'A call that was signed ten minutes ago.'),
  },
  rotation: {
    task: 'Signs with each of two keys, as while one takes the other’s place.',
    judge: judgeRotation,
  },
  'idempotent-retry': {
    task: 'Repeats a call that changes something under the same Idempotency-Key.',
    judge: judgeIdempotentRetry,
  },
  'error-handling': {
    task: 'Does not repeat what the API refused, and goes on.',
    judge: judgeErrorHandling,
  },
  timeout: {
    task: 'Gives a slow call up within its deadline, and reads again with success.',
    judge: judgeTimeout,
  },
};

/** The step that a call of this run belongs to; undefined where its request id names none. */
export function stepOf(runId: string, requestId: string): StepName | undefined {
  if (!requestId.startsWith(`${runId}.`)) return undefined;
  const name = requestId.slice(runId.length + 1).split('.', 1)[0]!;
  return Object.hasOwn(STEPS, name) ? (name as StepName) : undefined;
}

/** What all steps of a run come to; calls of other runs and of no step are left out. */
export function judgeRun(
  runId: string,
  calls: readonly ObservedCall[],
): ReadonlyMap<StepName, Finding> {
  const byStep = Map.groupBy(
    calls.toSorted((a, b) => beganMs(a) - beganMs(b)),
    call => stepOf(runId, call.requestId),
  );
  return new Map(STEP_NAMES.map(name => [name, STEPS[name].judge(byStep.get(name) ?? [])]));
}
