/** A generator: one process, one thread, one open loop. Started by Generators over IPC. */
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { HiccupMeter } from '../rig/hiccup-meter.ts';
import { arrivalsOfRun, countArrivals } from './arrivals.ts';
import { dialoguesOf, pingsOf } from './create-dialogues.ts';
import type {
  FromGenerator,
  GeneratorOutcome,
  GeneratorSpec,
  PingOutcome,
  ToGenerator,
} from './generator-messages.ts';
import { OpenLoop } from './open-loop.ts';
import { sourceAddress } from './source-address.ts';

const PROGRESS_INTERVAL_MS = 1_000;
/** Pings of the same seed are due at moments of their own. */
const PING_STREAM = 0x20000;

function tell(message: FromGenerator): void {
  process.send!(message);
}

function createLoop(spec: GeneratorSpec): OpenLoop {
  const { host, port, connections, warmUpMs } = spec;
  const arrivals = arrivalsOfRun(spec);
  return new OpenLoop({
    host,
    port,
    connections,
    arrivals,
    warmUpMs,
    measuredMax: countArrivals(arrivals),
    createDialogue: dialoguesOf(spec.requests, spec.expectedBody),
    localAddress: i => sourceAddress(spec.connectionsBefore + i, spec.connectionsTotal),
  });
}

function createPings(spec: GeneratorSpec): OpenLoop | undefined {
  const { host, port, warmUpMs, measuredMs, seed, stream, pings } = spec;
  if (pings === undefined) return undefined;
  const { connections, rate, handshakes } = pings;
  const times = { rate, warmUpMs, measuredMs, seed, stream: PING_STREAM + stream };
  const arrivals = arrivalsOfRun(times);
  return new OpenLoop({
    ...{ host, port, connections, arrivals, warmUpMs },
    measuredMax: countArrivals(arrivals),
    createDialogue: pingsOf(handshakes),
  });
}

/**
 * CPU and hiccups between the end of the warm-up and the end of the arrivals. The end is closed by
 * its timer or by whoever reads first: a loop with nothing left to drain may be done in the same
 * millisecond.
 */
class SelfWatch {
  private readonly meter = new HiccupMeter();
  private readonly timers: NodeJS.Timeout[];
  private before = process.cpuUsage();
  private sinceMs = performance.now();
  private used = { cpuMicros: 0, cpuShare: 0 };
  private ended = false;

  constructor(spec: GeneratorSpec, startMs: number) {
    const delayMs = startMs + spec.warmUpMs - performance.now();
    this.timers = [
      setTimeout(() => this.begin(), delayMs),
      setTimeout(() => this.end(), delayMs + spec.measuredMs),
    ];
  }

  figures(): Pick<GeneratorOutcome, 'cpuMicros' | 'cpuShare' | 'hiccup'> {
    this.end();
    return { ...this.used, hiccup: encodeIntoCompressedBase64(this.meter.histogram) };
  }

  private begin(): void {
    this.before = process.cpuUsage();
    this.sinceMs = performance.now();
    this.meter.start();
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    for (const timer of this.timers) clearTimeout(timer);
    const { user, system } = process.cpuUsage(this.before);
    const cpuMicros = user + system;
    this.used = { cpuMicros, cpuShare: cpuMicros / 1_000 / (performance.now() - this.sinceMs) };
    this.meter.stop();
  }
}

async function run({ loop, pings, spec }: Loops, atNanos: bigint): Promise<void> {
  const startMs = performance.now() + Number(atNanos - process.hrtime.bigint()) / 1e6;
  const self = new SelfWatch(spec, startMs);
  const timer = setInterval(
    () => tell({ kind: 'progress', progress: loop.progress }),
    PROGRESS_INTERVAL_MS,
  );
  const [counts, pinged] = await Promise.all([loop.run(startMs), runPings(pings, startMs)]);
  clearInterval(timer);
  const outcome: GeneratorOutcome = { ...counts, ...self.figures(), pings: pinged };
  tell({ kind: 'finished', outcome });
}

async function runPings(pings: OpenLoop | undefined, startMs: number) {
  const counts = await pings?.run(startMs);
  if (counts === undefined) return undefined;
  const { samples, requests, answered } = counts;
  return { samples, failed: requests - answered } satisfies PingOutcome;
}

interface Loops {
  readonly spec: GeneratorSpec;
  readonly loop: OpenLoop;
  readonly pings: OpenLoop | undefined;
}

let loops: Loops | undefined;

async function hear(message: ToGenerator): Promise<void> {
  if (message.kind === 'open') {
    const { spec } = message;
    const loop = createLoop(spec);
    const pings = createPings(spec);
    loops = { spec, loop, pings };
    await loop.open(() => tell({ kind: 'progress', progress: loop.progress }));
    await pings?.open();
    tell({ kind: 'opened' });
  } else if (loops !== undefined) {
    await run(loops, message.atNanos);
  }
}

process.on('message', (message: ToGenerator) => {
  hear(message).catch(error => tell({ kind: 'failed', message: (error as Error).message }));
});
process.on('disconnect', () => process.exit(0));
// An exit of its own, so that a profile is written where one was asked for.
process.on('SIGTERM', () => process.exit(0));
// The terminal sends Ctrl-C to the whole group: the benchmark ends this process, not the key.
process.on('SIGINT', () => undefined);
