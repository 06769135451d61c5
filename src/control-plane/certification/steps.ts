/**
 * What an app must show, as one table. Each step is judged by what the gateway saw of the calls
 * that bear its name, and by nothing that the partner says.
 */
import { type ObservedCall, readRequestId, WANTED_REFUSALS } from '../../core/observations.ts';

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

/** Answers that ask for the same once more, later. */
const NOT_NOW: ReadonlySet<number> = new Set([408, 425, 429]);

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

/** No answer to what was asked: to ask again is right. */
function isLeftOpen({ aborted, status }: ObservedCall): boolean {
  return aborted || status === 0 || status >= 500 || NOT_NOW.has(status);
}

function beganMs({ atMs, totalMs }: ObservedCall): number {
  return atMs - totalMs;
}

/** A call that its caller has left may go on with its upstream while the next one begins. */
function follows(later: ObservedCall, earlier: ObservedCall): boolean {
  if (later === earlier) return false;
  if (earlier.aborted) return beganMs(later) >= beganMs(earlier);
  return beganMs(later) >= earlier.atMs - ORDER_SLACK_MS;
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
function refusedThenGood(step: StepName, how: string): Step['judge'] {
  const code = WANTED_REFUSALS.get(step)!;
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

/** Each Idempotency-Key stands for one thing that is to happen once, however often it is sent. */
function judgeIdempotentRetry(calls: readonly ObservedCall[]): Finding {
  const orders = Map.groupBy(
    calls.filter(call => call.proven && UNSAFE.has(call.method) && call.idempotencyKeyDigest),
    call => call.idempotencyKeyDigest!,
  );
  const findings = [...orders.values()].map(judgeOrder);
  return (
    findings.find(({ state }) => state === 'failed') ??
    findings.find(({ state }) => state === 'passed') ??
    findings.find(({ evidence }) => evidence.length > 1) ??
    open('The same POST, PUT, PATCH or DELETE twice with the same Idempotency-Key.')
  );
}

/** @param attempts calls with the same Idempotency-Key */
function judgeOrder(attempts: readonly ObservedCall[]): Finding {
  const [first] = attempts;
  const other = attempts.find(call => !asksTheSame(call, first!));
  if (other !== undefined) {
    return failed('Two different calls had the same Idempotency-Key.', [first!, other]);
  }
  const answered = attempts.filter(call => !isLeftOpen(call) && !isUnderWay(call, attempts));
  const refused = answered.find(call => !succeeded(call));
  if (refused !== undefined && attempts.length > 1) {
    const before = attempts.find(call => call !== refused)!;
    return failed('One of the calls was not answered with 2xx.', [before, refused]);
  }
  const [good] = answered;
  if (good === undefined) return openOrder(attempts);
  const again = answered.find(call => follows(call, good));
  if (again !== undefined) {
    const both = [good, again];
    if (good.status === again.status) return passed(`Both were answered ${good.status}.`, both);
    return failed(`Answered ${good.status} and then ${again.status}.`, both);
  }
  const before = attempts.find(call => isLeftOpen(call) && follows(good, call));
  if (before === undefined) return openOrder(attempts);
  const how = before.aborted ? 'given up' : `answered ${before.status}`;
  return passed(`One was ${how}, the next answered ${good.status}.`, [before, good]);
}

function openOrder(attempts: readonly ObservedCall[]): Finding {
  return { ...open('The same call again, until it is answered with 2xx.'), evidence: attempts };
}

/** 409: the attempt that its caller has left is still at work. */
function isUnderWay({ status }: ObservedCall, attempts: readonly ObservedCall[]): boolean {
  return status === 409 && attempts.some(({ aborted }) => aborted);
}

function asksTheSame(call: ObservedCall, other: ObservedCall): boolean {
  return call.method === other.method && call.requestDigest === other.requestDigest;
}

/** What was refused for its content is refused again: to repeat it as it is helps nobody. */
function judgeErrorHandling(calls: readonly ObservedCall[]): Finding {
  const refused = calls.filter(
    call => call.proven && !isLeftOpen(call) && call.status >= 400 && call.status < 500,
  );
  const [first] = refused;
  if (first === undefined) return open('A call that the API refuses with 4xx.');
  const repeated = refused.find(call => refused.some(other => isRepetition(call, other)));
  if (repeated !== undefined) {
    const both = refused.filter(call => call === repeated || isRepetition(repeated, call));
    return failed(`Refused with ${repeated.status}, it was repeated blindly.`, both);
  }
  const good = calls.find(call => succeeded(call) && follows(call, first));
  if (good === undefined) return open('After the refusal a call that is answered with 2xx.');
  return passed(`Refused with ${first.status}, then answered ${good.status}.`, [first, good]);
}

function isRepetition(call: ObservedCall, other: ObservedCall): boolean {
  return call !== other && asksTheSame(call, other);
}

/** Of safe methods only: the front hears at once that the caller of such a call has left. */
function judgeTimeout(calls: readonly ObservedCall[]): Finding {
  const left = calls.filter(
    ({ proven, aborted, method, totalMs }) =>
      proven && aborted && SAFE.has(method) && totalMs >= GIVE_UP_MIN_MS,
  );
  if (left.length === 0) {
    return open('A slow GET whose caller gives up and closes the connection.');
  }
  const inTime = left.filter(({ totalMs }) => totalMs <= GIVE_UP_MAX_MS);
  for (const call of inTime) {
    const good = calls.find(
      later => succeeded(later) && later.operationId === call.operationId && follows(later, call),
    );
    if (good === undefined) continue;
    const why = `Gave up after ${Math.round(call.totalMs)} ms, then answered ${good.status}.`;
    return passed(why, [call, good]);
  }
  if (inTime.length > 0) return open('After giving up, the same operation again with success.');
  const waitedMs = Math.round(left[0]!.totalMs);
  const why = `It gave up after ${waitedMs} ms; ${GIVE_UP_MAX_MS} ms are the most.`;
  return failed(why, [left[0]!]);
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
    judge: refusedThenGood('refused-digest', 'A call whose Content-Digest is of another body.'),
  },
  'refused-clock': {
    task: 'Signs with a clock that is wrong, sees it refused, and signs with the right time.',
    judge: refusedThenGood('refused-clock', 'A call that was signed ten minutes ago.'),
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
  const { runId: named, step } = readRequestId(requestId);
  return named === runId && Object.hasOwn(STEPS, step) ? (step as StepName) : undefined;
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
