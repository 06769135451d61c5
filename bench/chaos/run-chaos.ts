import { stablePort } from '../../test/support/processes.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import type { GatewayFilesOptions } from '../rig/gateway-files.ts';
import type { RunSurroundings } from '../rig/measure-once.ts';
import { SupervisedGateway } from '../rig/supervised-gateway.ts';
import { CallLog } from './call-log.ts';
import { ChaosCallers } from './chaos-callers.ts';
import type { ChaosOptions, ChaosResult, FaultRecord } from './chaos-result.ts';
import { ChaosUpstream } from './chaos-upstream.ts';
import { type ChaosRig, FAULTS } from './faults.ts';
import { type Planned, planFaults } from './schedule.ts';

const TARGETS = 3;
/** Shorter than a fault, so that its end is not all that ends it. */
const UPSTREAM = {
  responseTimeoutMs: 2_000,
  connectTimeoutMs: 1_000,
  outlier: { consecutiveFailuresMax: 5, ejectionMs: 1_000, ejectionMaxMs: 5_000 },
  retry: { attemptsMax: 2 },
};

/** @throws Error where it cannot be begun, or is interrupted */
export async function runChaos(
  options: ChaosOptions,
  { signal, progress }: RunSurroundings,
): Promise<ChaosResult> {
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  const made = new Map<string, number>();
  await using stack = new AsyncDisposableStack();
  progress('starting the upstream and the gateway');
  const upstreams: ChaosUpstream[] = [];
  for (let target = 0; target < TARGETS; target++) {
    const onMade = (order: string) => void made.set(order, (made.get(order) ?? 0) + 1);
    const upstream = stack.use(new ChaosUpstream(await stablePort(), onMade));
    await upstream.start();
    upstreams.push(upstream);
  }
  const gateway = stack.use(await SupervisedGateway.start(gatewayFiles(options, upstreams)));
  const { fronts: _, ...traffic } = options;
  const log = new CallLog(options.seconds);
  const callers = new ChaosCallers({ ...traffic, port: gateway.port, log });
  const startedMs = performance.now();
  const [faults] = await Promise.all([
    doFaults({ gateway, upstreams }, options, { startedMs, signal, progress }),
    callers.run(options.seconds, startedMs, signal),
  ]);
  const { requests, ...sums } = log.sums(faults);
  return {
    ...{ name: 'chaos', startedAt, commit: checkoutCommit(), environment, options, requests },
    ...sums,
    repeatedEffects: [...made.values()].filter(times => times > 1).length,
    latencyMs: log.latencyMs(),
    faults,
    timeline: log.timeline(),
  };
}

function gatewayFiles(
  { fronts }: ChaosOptions,
  upstreams: readonly ChaosUpstream[],
): GatewayFilesOptions {
  const targets = upstreams.map(({ port }) => ({ url: `http://127.0.0.1:${port}` }));
  return {
    ...{ upstreamPort: upstreams[0]!.port, fronts, keys: ChaosCallers.keys },
    upstream: { url: undefined, targets, ...UPSTREAM },
  };
}

interface Course extends RunSurroundings {
  readonly startedMs: number;
}

async function doFaults(
  rig: ChaosRig,
  options: ChaosOptions,
  course: Course,
): Promise<FaultRecord[]> {
  const { seconds, faultEverySeconds, seed } = options;
  const names = FAULTS.map(({ name }) => name);
  const done: FaultRecord[] = [];
  for (const planned of planFaults(names, seconds, faultEverySeconds, seed)) {
    await untilSecond(planned.atSecond, course);
    if (course.signal.aborted) break;
    course.progress(`${planned.atSecond} of ${seconds} s: ${planned.name}`);
    done.push(await doFault(planned, rig, course));
  }
  return done;
}

async function doFault({ name }: Planned, rig: ChaosRig, course: Course): Promise<FaultRecord> {
  const { cuts, run } = FAULTS.find(fault => fault.name === name)!;
  const fromSecond = secondOf(course);
  await run(rig);
  return { name, fromSecond, toSecond: secondOf(course), cuts };
}

function secondOf({ startedMs }: Course): number {
  return (performance.now() - startedMs) / 1_000;
}

function untilSecond(second: number, course: Course): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, (second - secondOf(course)) * 1_000));
  course.signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
