import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorsOf, runLoop } from '../compare/wrk.ts';
import { BenchGateway } from '../rig/bench-gateway.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import type { RunSurroundings } from '../rig/measure-once.ts';
import { threadCpuMicros } from '../rig/process-usage.ts';
import { Upstream } from '../rig/upstream.ts';
import { CONVERTED_PATH, PLAIN_PATH, payloadApi, requestOf } from './payload-api.ts';
import type {
  PayloadsFigures,
  PayloadsOptions,
  PayloadsResult,
  PayloadsRow,
} from './payloads-result.ts';

const WARM_UP_SECONDS = 3;
const FRONT = 'front-0';
const WORKERS = 'WorkerThread';
/** As bench:compare has it: the gateway and its load each on a core. */
const LOAD_CORE = '1';

interface Loop {
  readonly port: number;
  readonly pid: number;
  readonly connections: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** Of a connection, so that all of them call about so often; an answer takes a few ms of it. */
function pauseMs(connections: number, perSecond: number): number {
  return Math.round((connections * 1_000) / perSecond);
}

/** @throws Error where the gateway, its upstream or the load cannot be had, or answers wrongly */
export async function runPayloads(
  options: PayloadsOptions,
  { signal, progress }: RunSurroundings,
): Promise<PayloadsResult> {
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-payloads-'));
  try {
    await using upstream = await Upstream.start({ cores: LOAD_CORE });
    await using gateway = await BenchGateway.start({
      ...{ upstreamPort: upstream.port, fronts: 1, workers: 1, bulk: payloadApi() },
    });
    const { connections, seconds } = options;
    const loop = { port: gateway.port, pid: gateway.pid, connections, seconds, signal };
    const rows: PayloadsRow[] = [];
    for (const [i, bytes] of options.sizes.entries()) {
      progress(`bodies of ${bytes} bytes`);
      const perSecond = options.ratesPerSecond[i]!;
      rows.push(await measureSize(bytes, options.rounds, folder, { ...loop, perSecond }));
    }
    const about = { name: 'payloads' as const, startedAt, commit: checkoutCommit(), environment };
    return { ...about, options, rows };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureSize(
  bytes: number,
  rounds: number,
  folder: string,
  loop: Loop,
): Promise<PayloadsRow> {
  const files = [PLAIN_PATH, CONVERTED_PATH].map((path, i) => {
    const file = join(folder, `${bytes}-${i}`);
    const request = requestOf(path, bytes);
    writeFileSync(file, request);
    return { file, recordBytes: request.length };
  });
  for (const file of files) await measure(file, { ...loop, seconds: WARM_UP_SECONDS });
  const plain: PayloadsFigures[] = [];
  const converted: PayloadsFigures[] = [];
  for (let round = 0; round < rounds; round++) {
    plain.push(await measure(files[0]!, loop));
    converted.push(await measure(files[1]!, loop));
  }
  const added = converted.map(({ frontMicros }, i) => frontMicros - plain[i]!.frontMicros);
  return {
    bytes,
    plain: mediansOf(plain),
    converted: mediansOf(converted),
    frontAddedMicros: added,
    frontAddedMedianMicros: medianOf(added),
  };
}

async function measure(
  request: { readonly file: string; readonly recordBytes: number },
  { port, pid, connections, perSecond, seconds, signal }: Loop,
): Promise<PayloadsFigures> {
  const records = { ...request, first: 0, count: 1 };
  const before = threadCpuMicros(pid);
  const report = await runLoop(
    { kind: 'replay', records, again: true, pauseMs: pauseMs(connections, perSecond) },
    { port, connections, seconds, cores: LOAD_CORE, signal },
  );
  const after = threadCpuMicros(pid);
  const errors = errorsOf(report);
  if (errors !== '') throw new Error(`errors among ${report.requests} answers: ${errors}`);
  const micros = (name: string) => (after.get(name)! - before.get(name)!) / report.requests;
  return {
    frontMicros: micros(FRONT),
    workerMicros: micros(WORKERS),
    requestsPerSecond: (report.requests * 1e6) / report.durationMicros,
  };
}

function mediansOf(figures: readonly PayloadsFigures[]): PayloadsFigures {
  return {
    frontMicros: medianOf(figures.map(({ frontMicros }) => frontMicros)),
    workerMicros: medianOf(figures.map(({ workerMicros }) => workerMicros)),
    requestsPerSecond: medianOf(figures.map(({ requestsPerSecond }) => requestsPerSecond)),
  };
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
