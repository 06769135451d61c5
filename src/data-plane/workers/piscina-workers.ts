/**
 * The one door to Piscina: worker threads that run batches, and nothing about what is in them.
 *
 * Piscina starts, watches and ends the threads. Each has one standing task, to serve
 * batches over a port, because a task per batch costs much more than the message in it: the way to
 * an idle worker and back took 62 to 80 µs of CPU on the front and 124 to 155 in all, over a port
 * 37 and 73 (131 KB buffer moved, Piscina 5.3, two virtual cores).
 */
import type { EventLoopUtilization } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { ProgramEntry } from '../../core/conversion.ts';
import { WORKERS_MAX } from '../../core/pool-settings.ts';
import { BATCH_HEADER_BYTES } from './batch-codec.ts';
import { KnownPrograms } from './programs.ts';
import type { FromWorker, ReturnedBatch, ToWorker, WorkerLoop } from './worker-messages.ts';

/** A worker that has not started after this is asked for again. */
const REVIVE_AFTER_MS = 250;
/**
 * Workers that start at a time where more are wanted; one that was lost is replaced at once. To
 * load its code takes a thread 0.1 to 1 s of CPU: 63 more on each of two fronts at once held calls
 * for 40 s (two virtual cores).
 */
const STARTING_MAX = 1;
/** One that has not started after this hangs: others do not wait for it any longer. */
const STARTING_MAX_MS = 10_000;
/**
 * A worker holds imported keys and one batch outside its heap, and programs with one payload at a
 * time within: a body of 1 MB is 10 to 20 MB of values.
 */
const WORKER_LIMITS = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 16 };

/** CPU time and load of one worker thread since it started. */
export interface WorkerCpu {
  readonly threadId: number;
  readonly userMicros: number;
  readonly systemMicros: number;
  /** Share of the time since the call before in which the worker's loop was not idle, 0 to 1. */
  readonly utilization: number;
  /** As it told last; undefined in its first second. */
  readonly loop: WorkerLoop | undefined;
}

/** What a batch with conversions needs besides. */
export interface Freight {
  /** Each once. */
  readonly programs: readonly ProgramEntry[];
  /** Moved to the worker for good. */
  readonly attachments: readonly ArrayBuffer[];
}

/** A batch on its way. */
export interface BatchJourney {
  /** Rejects when the worker or its code fails. */
  readonly returned: Promise<ReturnedBatch>;
  /** Ends the worker, for nothing less stops a check that hangs; `returned` rejects. */
  giveUp(): void;
}

/** What the pool needs from whoever runs batches; tests give their own. */
export interface BatchWorkers {
  /** Threads alive, those that still start included. */
  readonly count: number;
  /** The last error of a thread or a batch, for the operator. */
  readonly lastError: string | undefined;
  /** Set by the pool: called when a worker that was not there before can take a batch. */
  onAvailable: () => void;
  /** Keeps the reason for which a batch was lost. */
  note(error: unknown): void;
  /** Workers that can take a batch at once. */
  idle(): number;
  /** Moves the buffer to an idle worker and back; `freight` goes with a batch with conversions. */
  run(buffer: ArrayBuffer, freight?: Freight): BatchJourney;
  /** Every worker has started; rejects when one cannot. */
  ready(): Promise<void>;
  cpu(): Promise<WorkerCpu[]>;
  /** Starts or ends workers until there are so many; one at work ends its batch first. */
  resize(count: number): void;
  destroy(): Promise<void>;
}

/** A worker's standing task, and the batch that it is at. */
class Line {
  readonly port: MessagePort;
  /** Ends the worker that has the task. */
  readonly ending = new AbortController();
  readonly openedMs = performance.now();
  /** The first, empty batch came back: the worker's code is there. */
  ready = false;
  journey: PromiseWithResolvers<ReturnedBatch> | undefined = undefined;
  loop: WorkerLoop | undefined = undefined;
  /** What the worker has of programs. */
  readonly programs = new KnownPrograms();

  constructor(port: MessagePort) {
    this.port = port;
  }
}

export class PiscinaWorkers implements BatchWorkers {
  onAvailable: () => void = () => {};
  lastError: string | undefined = undefined;
  private readonly piscina: Piscina;
  private target: number;
  private readonly lines = new Set<Line>();
  private readonly free: Line[] = [];
  /** Lines whose worker has started. */
  private serving = 0;
  private readonly started = Promise.withResolvers<void>();
  private hasStarted = false;
  private destroyed = false;
  private readonly reviveTimer: NodeJS.Timeout;
  /** As each worker's loop was read last. */
  private readonly loads = new WeakMap<Worker, EventLoopUtilization>();

  /** `workerData` is shared with every worker; `taskFile` exports the standing task as default. */
  constructor(taskFile: URL, count: number, workerData: object) {
    this.target = count;
    this.piscina = new Piscina({
      filename: fileURLToPath(taskFile),
      name: 'default',
      // There are as many threads as standing tasks: none is kept without one.
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      maxQueue: WORKERS_MAX,
      // The worker's loop belongs to its port.
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: WORKER_LIMITS,
      workerData,
    });
    this.reviveTimer = setTimeout(() => this.revive(), REVIVE_AFTER_MS).unref();
    this.piscina.on('error', error => {
      this.note(error);
      // One that could not load its code, and has no task yet that would fail.
      if (!this.hasStarted) this.started.reject(error);
    });
    // Whoever awaits ready() sees it; until then it must not count as unhandled.
    this.started.promise.catch(error => this.note(error));
    this.grow();
    if (count === 0) this.begun();
  }

  note(error: unknown): void {
    this.lastError = error instanceof Error ? error.message : String(error);
  }

  get count(): number {
    return this.piscina.threads.length;
  }

  idle(): number {
    return this.hasStarted ? this.free.length : 0;
  }

  run(buffer: ArrayBuffer, freight?: Freight): BatchJourney {
    const line = this.free.pop()!;
    const journey = Promise.withResolvers<ReturnedBatch>();
    line.journey = journey;
    if (freight === undefined) line.port.postMessage(buffer, [buffer]);
    else send(line, buffer, freight);
    return { returned: journey.promise, giveUp: () => line.ending.abort() };
  }

  ready(): Promise<void> {
    return this.started.promise;
  }

  async cpu(): Promise<WorkerCpu[]> {
    const loops = new Map<number, WorkerLoop>();
    for (const { loop } of this.lines) if (loop !== undefined) loops.set(loop.threadId, loop);
    const readings = await Promise.allSettled(
      this.piscina.threads.map(async worker => {
        const { threadId } = worker;
        const { utilization } = this.loadOf(worker);
        const { user, system } = await worker.cpuUsage();
        const loop = loops.get(threadId);
        return { threadId, userMicros: user, systemMicros: system, utilization, loop };
      }),
    );
    // A worker that ended between the two calls has no reading.
    return readings.filter(reading => reading.status === 'fulfilled').map(({ value }) => value);
  }

  private loadOf(worker: Worker): EventLoopUtilization {
    const now = worker.performance.eventLoopUtilization();
    const before = this.loads.get(worker);
    this.loads.set(worker, now);
    return before === undefined ? now : worker.performance.eventLoopUtilization(now, before);
  }

  async destroy(): Promise<void> {
    this.destroyed = true;
    clearTimeout(this.reviveTimer);
    this.started.reject(new Error('The pool was closed while it started.'));
    for (const line of this.lines) line.port.close();
    await this.piscina.destroy();
  }

  /** Asks Piscina for a worker. The empty batch comes back once its code is loaded. */
  private open(): void {
    const { port1, port2 } = new MessageChannel();
    const line = new Line(port1);
    this.lines.add(line);
    this.boundThreads();
    port1.on('message', (message: FromWorker) => this.arrive(line, message));
    port1.postMessage(new ArrayBuffer(BATCH_HEADER_BYTES));
    this.piscina.run(port2, { transferList: [port2], signal: line.ending.signal }).then(
      () => this.lose(line, new Error('The worker left its task.')),
      error => this.lose(line, error),
    );
    this.reviveTimer.refresh();
  }

  /**
   * No more threads than lines: where two tasks wait and one worker comes, Piscina 5.3 starts as
   * many threads as it may, all at once, before it looks whether one of them can take the other.
   */
  private boundThreads(): void {
    this.piscina.options.maxThreads = Math.max(this.lines.size, 1);
  }

  private arrive(line: Line, message: FromWorker): void {
    // One that was given up may still answer.
    if (!this.lines.has(line)) return;
    if ('loop' in message) {
      line.loop = message.loop;
      return;
    }
    const { journey } = line;
    line.journey = undefined;
    this.free.push(line);
    if (!line.ready) return this.begin(line);
    if (this.isSurplus) this.end(line);
    if (message instanceof ArrayBuffer || 'outputs' in message) journey?.resolve(message);
    else journey?.reject(new Error(message.failed));
  }

  private begin(line: Line): void {
    line.ready = true;
    this.serving++;
    if (this.hasStarted && this.isSurplus) return this.end(line);
    if (!this.hasStarted) {
      if (this.free.length < this.target) return;
      this.begun();
    }
    this.grow();
    this.onAvailable();
  }

  /** Asks for what is wanted; the next ones when those that start are there. */
  private grow(): void {
    const startingMax = this.hasStarted ? STARTING_MAX : this.target;
    const sinceMs = performance.now() - STARTING_MAX_MS;
    let starting = 0;
    for (const { ready, openedMs } of this.lines) if (!ready && openedMs > sinceMs) starting++;
    for (; this.lines.size < this.target && starting < startingMax; starting++) this.open();
  }

  /** Those that start do not count: until they have, nobody could do the work of one that goes. */
  private get isSurplus(): boolean {
    return this.serving > this.target;
  }

  private begun(): void {
    this.hasStarted = true;
    this.started.resolve();
  }

  resize(count: number): void {
    if (this.destroyed) return;
    this.target = count;
    this.grow();
    // Those with a batch when it is back, those that start when they have.
    for (const line of [...this.free]) if (this.isSurplus) this.end(line);
    if (!this.hasStarted && this.free.length >= count) this.begun();
  }

  /** Its thread ends with it. */
  private end(line: Line): void {
    this.forget(line);
    line.ending.abort();
  }

  private lose(line: Line, error: unknown): void {
    const wasKnown = this.forget(line);
    if (this.destroyed || !wasKnown) return;
    this.note(error);
    if (!this.hasStarted) this.started.reject(error);
    // One that could not even start is not asked for in a tight loop.
    else if (!line.ready) this.reviveTimer.refresh();
    else if (this.lines.size < this.target) this.open();
    line.journey?.reject(error);
  }

  private forget(line: Line): boolean {
    const place = this.free.indexOf(line);
    if (place >= 0) this.free.splice(place, 1);
    line.port.close();
    if (!this.lines.delete(line)) return false;
    this.boundThreads();
    if (line.ready) this.serving--;
    return true;
  }

  /**
   * A worker that failed to start leaves its task waiting in Piscina, which starts no other for it;
   * asked anew, it does.
   */
  private revive(): void {
    if (this.destroyed || !this.hasStarted) return;
    if (this.count < this.lines.size) {
      for (const line of this.lines) {
        if (line.ready) continue;
        this.end(line);
      }
    }
    this.grow();
    for (const line of this.lines) if (!line.ready) this.reviveTimer.refresh();
  }
}

/** Programs that the worker has not yet go before the batch that needs them. */
function send({ port, programs }: Line, buffer: ArrayBuffer, freight: Freight): void {
  const { attachments } = freight;
  const { added, dropped } = programs.use(freight.programs);
  if (attachments.length + added.length + dropped.length === 0) {
    return port.postMessage(buffer, [buffer]);
  }
  const message: ToWorker = { buffer, attachments, added, dropped };
  port.postMessage(message, [buffer, ...attachments]);
}
