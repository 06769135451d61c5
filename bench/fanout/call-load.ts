/** Calls of other sessions while events go out: an open loop, as bench:load has. */
import type { GeneratorSpec, SignedShare } from '../load/generator-messages.ts';
import { Generators } from '../load/generators.ts';
import { mergeOutcomes } from '../load/merge-outcomes.ts';
import { ORDERS_PATH } from '../rig/gateway-files.ts';
import { percentilesMs } from '../rig/latency-histogram.ts';
import { UPSTREAM_BODY } from '../rig/upstream.ts';
import type { CallFigures } from './fanout-result.ts';

export interface CallLoadOptions {
  readonly port: number;
  readonly sessions: number;
  readonly rate: number;
  readonly seed: number;
  readonly handshakes: SignedShare;
}

/** Before the first call is due, so that the generator is told in time. */
const LEAD_MS = 100;
const WARM_UP_MS = 500;
const MS_PER_SECOND = 1_000;

/** Calls for that many whole seconds, after a warm-up; `beside` runs in the seconds. */
export async function callsBeside(
  options: CallLoadOptions,
  seconds: number,
  beside: () => Promise<void>,
): Promise<CallFigures> {
  await using generators = new Generators([specOf(options, seconds)]);
  await generators.open();
  const running = generators.run(process.hrtime.bigint() + BigInt(LEAD_MS * 1e6));
  const { promise: begun, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, LEAD_MS + WARM_UP_MS);
  const [outcomes] = await Promise.all([running, begun.then(beside)]);
  const { latency, requests, answered, errors, missedSends, lag, hiccup } = mergeOutcomes(
    outcomes,
    seconds,
  );
  return {
    ...{ requests, answered, errors, missedSends },
    latency: percentilesMs(latency),
    generatorLag: percentilesMs(lag),
    generatorHiccup: percentilesMs(hiccup),
  };
}

function specOf(options: CallLoadOptions, seconds: number): GeneratorSpec {
  const { port, sessions, rate, seed, handshakes } = options;
  return {
    ...{ host: '127.0.0.1', port, connections: sessions },
    ...{ connectionsBefore: 0, connectionsTotal: sessions },
    ...{ rate, warmUpMs: WARM_UP_MS, measuredMs: seconds * MS_PER_SECOND, seed, stream: 0 },
    requests: {
      ...{ kind: 'session', format: 'json', handshakes, messages: undefined },
      ...{ method: 'GET', path: `${ORDERS_PATH}/o-1`, bodyBytes: 0 },
    },
    expectedBody: UPSTREAM_BODY,
  };
}
