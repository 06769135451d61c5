/** Callers on every front of the gateway, the same number on each. */
import type { BenchGateway } from '../rig/bench-gateway.ts';
import type { RequestSource } from '../rig/presigned/request-source.ts';
import { threadCpuMicros } from '../rig/process-usage.ts';
import { Caller } from './caller.ts';

export interface FrontCaller {
  readonly front: number;
  readonly caller: Caller;
}

/** The kernel decides by a hash which front gets a connection. */
const OPENINGS_PER_FRONT_MAX = 200;
/** Calls by which a connection's front is told: some milliseconds of its CPU. */
const CALLS_TO_TELL = 50;
/** Times what any other front uses meanwhile, which has nothing to do but its timers. */
const TELLING_FACTOR = 3;
const ATTEMPTS_MAX = 10;

export class Callers implements AsyncDisposable {
  readonly all: readonly FrontCaller[];

  private constructor(all: readonly FrontCaller[]) {
    this.all = all;
  }

  /**
   * Opens connections until each front has as many as asked for. The gateway must have nothing else
   * to do.
   * @throws Error where a front gets none, or it cannot be told which one a connection has
   */
  static async open(
    gateway: BenchGateway,
    requests: RequestSource,
    fronts: number,
    each: number,
  ): Promise<Callers> {
    const byFront = Array.from({ length: fronts }, (): FrontCaller[] => []);
    try {
      for (let opened = 0; byFront.some(callers => callers.length < each); opened++) {
        if (opened >= OPENINGS_PER_FRONT_MAX * fronts)
          throw new Error('a front gets no connection');
        const caller = await Caller.open(gateway.port, requests);
        const front = await frontOf(caller, gateway.pid, fronts);
        const callers = byFront[front]!;
        if (callers.length < each) callers.push({ front, caller });
        else caller.close();
      }
    } catch (error) {
      for (const { caller } of byFront.flat()) caller.close();
      throw error;
    }
    return new Callers(byFront.flat());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { caller } of this.all) caller.close();
  }
}

/** The front whose thread uses CPU while the connection calls. */
async function frontOf(caller: Caller, pid: number, fronts: number): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const before = threadCpuMicros(pid);
    let left = CALLS_TO_TELL;
    await caller.call(() => --left > 0);
    const after = threadCpuMicros(pid);
    const used = Array.from({ length: fronts }, (_, front) => {
      const name = `front-${front}`;
      return { front, micros: (after.get(name) ?? 0) - (before.get(name) ?? 0) };
    });
    const [most, second] = used.toSorted((a, b) => b.micros - a.micros);
    if (most!.micros > TELLING_FACTOR * (second?.micros ?? 0)) return most!.front;
  }
  throw new Error('no thread of the gateway stands out while a connection calls');
}
