/** What all cases of a comparison share: the upstream, the requests, the hiccup meter. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ORDERS_PATH } from '../rig/gateway-files.ts';
import { HiccupBeside } from '../rig/hiccup-beside.ts';
import { Upstream } from '../rig/upstream.ts';
import { writeBearerRecords } from './bearer-tokens.ts';
import type { TrafficKind } from './cases.ts';
import { writeSignedRecords } from './signed-records.ts';
import { FORWARDER_CORE, LOAD_CORE } from './window-usage.ts';
import type { Records } from './wrk.ts';

/** Read with a token; nothing of the path depends on it. */
const ORDER_PATH = `${ORDERS_PATH}/order-1`;

export interface StageOptions {
  /** Of each measured window, and of the warm-up before it. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Signed requests for each fresh gateway: probe, warm-up and window together. */
  readonly signedRequests: number;
  readonly signal: AbortSignal;
}

interface Preparation {
  readonly kinds: ReadonlySet<TrafficKind>;
  /** Of signatures, from now on. */
  readonly validForMs: number;
}

export interface Stage extends StageOptions, AsyncDisposable {
  readonly upstream: Upstream;
  readonly upstreamBody: string;
  readonly records: Partial<Readonly<Record<TrafficKind, Records>>>;
  /** On the load's core, and on the forwarder's. */
  readonly hiccups: HiccupBeside;
  readonly forwarderHiccups: HiccupBeside;
}

/** Prepares what these kinds of traffic need, on the load's cores. */
export async function openStage(
  { kinds, validForMs }: Preparation,
  options: StageOptions,
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-compare-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const signed = kinds.has('signed')
    ? await writeSignedRecords(join(folder, 'signed'), {
        count: options.signedRequests,
        validForMs,
        signal: options.signal,
      })
    : undefined;
  const bearer = kinds.has('bearer')
    ? writeBearerRecords(join(folder, 'bearer'), ORDER_PATH)
    : undefined;
  const loadCores = String(LOAD_CORE);
  const upstream = stack.use(await Upstream.start({ cores: loadCores }));
  const hiccups = stack.use(await HiccupBeside.open(loadCores));
  const forwarderHiccups = stack.use(await HiccupBeside.open(String(FORWARDER_CORE)));
  const answer = await fetch(`http://127.0.0.1:${upstream.port}/`);
  const kept = stack.move();
  return {
    ...options,
    upstream,
    upstreamBody: await answer.text(),
    records: { ...(signed && { signed }), ...(bearer && { bearer }) },
    hiccups,
    forwarderHiccups,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
