/** One closed loop by wrk: as many requests in flight as connections, for a given time. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endChild, findProgram, pinned, tiedToParent } from '../rig/programs.ts';

/** What the load does: one request over and over, or whole requests out of a file. */
export type Traffic =
  | { readonly kind: 'fixed'; readonly path: string; readonly host: string }
  | {
      readonly kind: 'replay';
      readonly records: Records;
      readonly again: boolean;
      /** Before each request of a connection. */
      readonly pauseMs?: number;
    };

/** Requests as bytes, `count` of them from number `first` on, all of the same length. */
export interface Records {
  readonly file: string;
  readonly recordBytes: number;
  readonly first: number;
  readonly count: number;
}

export interface LoopOptions {
  readonly port: number;
  readonly connections: number;
  /** A replay that is not to be sent again ends earlier, when its records are used up. */
  readonly seconds: number;
  readonly cores: string;
  /** Ends the loop without a report. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What wrk measured, from the first byte of a request to the last of its answer. wrk 4 corrects for
 * coordinated omission: to an answer that took longer than the mean interval of a connection it
 * adds the samples that could not be sent meanwhile. So 128 slow first requests of a window weigh
 * more in p99 than 128 samples do.
 */
export interface LoopReport {
  /** Answers, whatever their status. */
  readonly requests: number;
  readonly durationMicros: number;
  readonly bytes: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly maxMicros: number;
  /** `status` counts answers of 400 and more. */
  readonly errors: Readonly<Record<'connect' | 'read' | 'write' | 'status' | 'timeout', number>>;
}

const REPORT_SCRIPT = fileURLToPath(new URL('report.lua', import.meta.url));
const REPLAY_SCRIPT = fileURLToPath(new URL('replay.lua', import.meta.url));
/** An answer that takes longer is an error; the histogram has this range. */
const ANSWER_MAX = '8s';

/**
 * Runs one loop to its end.
 * @throws MissingProgramError without wrk; Error with its words where it does not report
 */
export async function runLoop(traffic: Traffic, options: LoopOptions): Promise<LoopReport> {
  const args = wrkArguments(traffic, options);
  const command = tiedToParent(pinned({ file: findProgram('wrk'), args }, options.cores));
  const child = spawn(command.file, command.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  let said = '';
  const hear = (chunk: Buffer) => {
    said += chunk;
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  // wrk takes whole seconds; at SIGINT it ends at once and reports.
  const timer = setTimeout(() => child.kill('SIGINT'), options.seconds * 1_000);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once('error', reject);
  child.once('close', () => resolve());
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    await endChild(child, 'SIGKILL');
  }
  return parseReport(said);
}

function wrkArguments(traffic: Traffic, options: LoopOptions): string[] {
  const { port, connections, seconds } = options;
  const wholeSeconds = Math.ceil(seconds) + 1;
  const base = ['-t1', `-c${connections}`, `-d${wholeSeconds}s`, '--timeout', ANSWER_MAX];
  const origin = `http://127.0.0.1:${port}`;
  if (traffic.kind === 'fixed') {
    const { host, path } = traffic;
    return [...base, '-s', REPORT_SCRIPT, '-H', `Host: ${host}`, `${origin}${path}`];
  }
  const { file, recordBytes, first, count } = traffic.records;
  const numbers = [recordBytes, first, count].map(String);
  const mode = traffic.again ? 'again' : 'once';
  const pause = traffic.pauseMs === undefined ? [] : [String(traffic.pauseMs)];
  return [...base, '-s', REPLAY_SCRIPT, `${origin}/`, '--', file, ...numbers, mode, ...pause];
}

/** Reads the line that report.lua prints; throws Error with all that wrk said where it has none. */
export function parseReport(said: string): LoopReport {
  const line = /^RESULT (\{.*\})$/m.exec(said)?.[1];
  if (line === undefined) throw new Error(`wrk did not report: ${said.trim()}`);
  return JSON.parse(line);
}

/** Every kind of error that occurred, as words; empty where none did. */
export function errorsOf({ errors }: LoopReport): string {
  return Object.entries(errors)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
}
