/** The steps of a certification run, taken one after the other. */
import { randomUUID } from 'node:crypto';
import { STEP_NAMES, type StepName } from '../../control-plane/certification/steps.ts';
import type { AppCall, PartnerApp, SeenCall } from './partner-app.ts';
import type { Suite } from './suite.ts';

export interface StepOutcome {
  readonly name: StepName;
  /** Undefined where it was not taken. */
  readonly calls: readonly SeenCall[] | undefined;
  /** Whether the app saw what it should; the verdict is the gateway's. */
  readonly isAsExpected: boolean;
  readonly saw: string;
}

export interface StepParts {
  readonly suite: Suite;
  readonly app: PartnerApp;
  /** The app with its second key; undefined where none was given. */
  readonly rotated: PartnerApp | undefined;
}

/** Longer ago than any gateway accepts. */
const WRONG_CLOCK_SECONDS = 7_200;

type Run = (
  parts: StepParts,
) => Promise<readonly (readonly [SeenCall, (call: SeenCall) => boolean])[]>;

const isGood = ({ status = 0 }: SeenCall) => status >= 200 && status < 300;
const isRefusedAs = (code: string) => (call: SeenCall) => call.code === code;
const isClientError = ({ status = 0 }: SeenCall) => status >= 400 && status < 500;
const isGivenUp = ({ failure }: SeenCall) => failure === 'given up';

const RUNS: Readonly<Record<StepName, Run>> = {
  'valid-signature': async ({ app, suite }) => [
    [await app.call('valid-signature', readOf(suite)), isGood],
  ],
  'refused-replay': async ({ app, suite }) => {
    const [first, second] = await app.sendTwice('refused-replay', readOf(suite));
    return [
      [first, isGood],
      [second, isRefusedAs('signature-replayed')],
    ];
  },
  'refused-digest': async ({ app, suite }) => {
    const step = 'refused-digest';
    const call = writeOf(suite);
    const other = { signedBody: `${call.body} ` };
    return [
      [await app.sendWrong(step, call, other), isRefusedAs('digest-mismatch')],
      [await app.call(step, call), isGood],
    ];
  },
  'refused-clock': async ({ app, suite }) => {
    const step = 'refused-clock';
    const created = Math.floor(Date.now() / 1_000) - WRONG_CLOCK_SECONDS;
    return [
      [await app.sendWrong(step, readOf(suite), { created }), isRefusedAs('signature-expired')],
      [await app.call(step, readOf(suite)), isGood],
    ];
  },
  rotation: async ({ app, rotated, suite }) => [
    [await app.call('rotation', readOf(suite)), isGood],
    [await rotated!.call('rotation', readOf(suite)), isGood],
  ],
  'idempotent-retry': async ({ app, suite }) => {
    const call = writeOf(suite);
    const first = await app.call('idempotent-retry', call);
    const isAlike = (second: SeenCall) => isGood(second) && second.status === first.status;
    return [
      [first, isGood],
      [await app.call('idempotent-retry', call), isAlike],
    ];
  },
  'error-handling': async ({ app, suite }) => {
    const failing = { method: 'GET', path: suite.failing.path };
    return [
      [await app.call('error-handling', failing), isClientError],
      [await app.call('error-handling', readOf(suite)), isGood],
    ];
  },
  timeout: async ({ app, suite }) => {
    const { path, giveUpMs, againPath } = suite.slow;
    return [
      [await app.call('timeout', { method: 'GET', path, giveUpMs }), isGivenUp],
      [await app.call('timeout', { method: 'GET', path: againPath }), isGood],
    ];
  },
};

/** Takes every step, also where one before it went wrong. */
export async function* runSteps(parts: StepParts): AsyncGenerator<StepOutcome, void> {
  for (const name of STEP_NAMES) {
    if (name === 'rotation' && parts.rotated === undefined) {
      const saw = 'not taken: give the app’s second key (--second-client-file)';
      yield { name, calls: undefined, isAsExpected: false, saw };
    } else {
      yield outcomeOf(name, await RUNS[name](parts));
    }
  }
}

function outcomeOf(name: StepName, seen: Awaited<ReturnType<Run>>): StepOutcome {
  const calls = seen.map(([call]) => call);
  return {
    name,
    calls,
    isAsExpected: seen.every(([call, isExpected]) => isExpected(call)),
    saw: calls.map(describeCall).join(', then '),
  };
}

function describeCall({ status, code, failure, totalMs }: SeenCall): string {
  const answer = failure ?? (code === undefined ? `${status}` : `${status} ${code}`);
  return `${answer} after ${Math.round(totalMs)} ms`;
}

function readOf({ read }: Suite): AppCall {
  return { method: 'GET', path: read.path };
}

/** Under a key of its own, which a caller of it twice keeps. */
function writeOf({ write }: Suite): AppCall & { readonly body: string } {
  return { ...write, idempotencyKey: randomUUID() };
}
