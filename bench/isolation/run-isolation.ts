import { setTimeout as pause } from 'node:timers/promises';
import { openSignedSets, specsFor } from '../load/generator-specs.ts';
import { Generators } from '../load/generators.ts';
import type { LoadOptions } from '../load/load-result.ts';
import { type Merged, mergeOutcomes } from '../load/merge-outcomes.ts';
import { BenchGateway } from '../rig/bench-gateway.ts';
import { sum, summed } from '../rig/counts.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { createHistogram } from '../rig/latency-histogram.ts';
import type { RunSurroundings } from '../rig/measure-once.ts';
import { Upstream } from '../rig/upstream.ts';
import { Beside } from './beside.ts';
import type {
  IsolationBenchOptions,
  IsolationCase,
  IsolationResult,
  Neighbour,
} from './isolation-result.ts';
import { oddApi } from './neighbour-terms.ts';

const LEAD_MS = 500;
const WARM_UP_SECONDS = 5;
/** Of each window left out: what was there before is still there. */
const SETTLE_SECONDS = 1;

/** These speak to an upstream of their own. */
const ODD: ReadonlySet<Neighbour> = new Set(['hanging-upstream', 'slow-readers']);

/** When the neighbour is there, in seconds of the measured time. */
interface Turn {
  readonly neighbour: Neighbour;
  readonly aloneFrom: number;
  readonly elsewhereFrom: number;
  readonly besideFrom: number;
  readonly besideTo: number;
}

/** @throws Error where the gateway, its upstreams or the load cannot be had */
export async function runIsolation(
  options: IsolationBenchOptions,
  { signal, progress }: RunSurroundings,
): Promise<IsolationResult> {
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  const turns = turnsOf(options);
  const load = loadOf(options, turns);
  const sets = await openSignedSets(load, signal);
  await using upstream = await Upstream.start({});
  await using odd = new Beside('odd-upstream-process.ts');
  const oddPort = await odd.hear<number>();
  const bulk = oddApi(oddPort);
  await using gateway = await BenchGateway.start({ upstreamPort: upstream.port, apps: 2, bulk });
  const port = Number(new URL(gateway.url).port);
  await using generators = new Generators(specsFor(load, port, sets));
  await generators.open();
  await using neighbour = new Beside('neighbour-process.ts');
  const running = generators.run(process.hrtime.bigint() + BigInt(LEAD_MS) * 1_000_000n);
  const measuredFromMs = performance.now() + LEAD_MS + WARM_UP_SECONDS * 1_000;
  const until = (second: number) =>
    pause(Math.max(0, measuredFromMs + second * 1_000 - performance.now()), undefined, { signal });
  const got: Record<string, number>[] = [];
  for (const { neighbour: name, elsewhereFrom, besideFrom, besideTo } of turns) {
    progress(name);
    const elsewhere = ODD.has(name) ? oddPort : upstream.port;
    await until(elsewhereFrom);
    neighbour.tell({ task: { neighbour: name, port: elsewhere } });
    await until(besideFrom);
    neighbour.tell({});
    await neighbour.hear();
    neighbour.tell({ task: { neighbour: name, port } });
    await until(besideTo);
    neighbour.tell({});
    got.push(await neighbour.hear());
  }
  const merged = mergeOutcomes(await running, load.durationSeconds);
  const cases = options.neighbours.map(name => {
    const own = turns.flatMap((turn, i) => (turn.neighbour === name ? [i] : []));
    return caseOf(
      name,
      own.map(i => turns[i]!),
      own.map(i => got[i]!),
      merged,
    );
  });
  const { requests } = merged;
  return {
    ...{ name: 'isolation', startedAt, commit: checkoutCommit(), environment, options },
    ...{ requests, cases },
  };
}

function turnsOf({ neighbours, rounds, windowSeconds }: IsolationBenchOptions): Turn[] {
  const turns: Turn[] = [];
  for (const neighbour of neighbours) {
    for (let round = 0; round < rounds; round++) {
      const [aloneFrom, elsewhereFrom, besideFrom, besideTo] = [0, 1, 2, 3].map(
        window => (turns.length * 3 + window) * windowSeconds,
      ) as [number, number, number, number];
      turns.push({ neighbour, aloneFrom, elsewhereFrom, besideFrom, besideTo });
    }
  }
  return turns;
}

function loadOf(options: IsolationBenchOptions, turns: readonly Turn[]): LoadOptions {
  const { rate, connections, seed } = options;
  return {
    ...{ rate, connections, seed, warmUpSeconds: WARM_UP_SECONDS },
    durationSeconds: turns.at(-1)!.besideTo,
    ...{ scheme: 'rfc9421-es256', method: 'POST', bodyBytes: 600 },
    ...{ generators: 1, fronts: 1, workers: 1 },
  };
}

function caseOf(
  neighbour: Neighbour,
  turns: readonly Turn[],
  got: readonly Readonly<Record<string, number>>[],
  merged: Merged,
): IsolationCase {
  const { latencyBySecond } = merged;
  const ratios = turns.map(turn => {
    return p99Of(latencyBySecond, [besideOf(turn)]) / p99Of(latencyBySecond, [elsewhereOf(turn)]);
  });
  const [alone, elsewhere, beside] = [aloneOf, elsewhereOf, besideOf].map(windowOf =>
    turns.map(windowOf),
  ) as [Window[], Window[], Window[]];
  const p99ElsewhereMs = p99Of(latencyBySecond, elsewhere);
  const p99BesideMs = p99Of(latencyBySecond, beside);
  const failedIn = ({ besideFrom, besideTo }: Turn) =>
    sum(merged.failures.slice(besideFrom, besideTo));
  return {
    neighbour,
    ...{ p99AloneMs: p99Of(latencyBySecond, alone), p99ElsewhereMs, p99BesideMs, ratios },
    ratio: p99BesideMs / p99ElsewhereMs,
    wholeRatio: wholeP99Of(latencyBySecond, beside) / wholeP99Of(latencyBySecond, elsewhere),
    failed: sum(turns.map(failedIn)),
    got: summed(got),
  };
}

type Window = readonly [from: number, to: number];

function aloneOf({ aloneFrom, elsewhereFrom }: Turn): Window {
  return [aloneFrom + SETTLE_SECONDS, elsewhereFrom];
}

function elsewhereOf({ elsewhereFrom, besideFrom }: Turn): Window {
  return [elsewhereFrom + SETTLE_SECONDS, besideFrom];
}

function besideOf({ besideFrom, besideTo }: Turn): Window {
  return [besideFrom + SETTLE_SECONDS, besideTo];
}

type Seconds = Merged['latencyBySecond'];

/** In ms, of the median second of these. */
function p99Of(seconds: Seconds, windows: readonly Window[]): number {
  const p99s = windows
    .flatMap(([from, to]) => seconds.slice(from, to))
    .map(second => second.getValueAtPercentile(99) / 1_000)
    .sort((a, b) => a - b);
  return p99s[Math.floor(p99s.length / 2)]!;
}

/** In ms, of all that was due in these seconds. */
function wholeP99Of(seconds: Seconds, windows: readonly Window[]): number {
  const all = createHistogram();
  for (const [from, to] of windows) for (const second of seconds.slice(from, to)) all.add(second);
  return all.getValueAtPercentile(99) / 1_000;
}
