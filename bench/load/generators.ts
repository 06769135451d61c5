/** The processes that send, seen from the benchmark. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endChild, pinned } from '../rig/programs.ts';
import { within } from '../rig/within.ts';
import type {
  FromGenerator,
  GeneratorOutcome,
  GeneratorProgress,
  GeneratorSpec,
  ToGenerator,
} from './generator-messages.ts';
import { DRAIN_MS } from './open-loop.ts';

const ENTRY = fileURLToPath(new URL('generator-process.ts', import.meta.url));

/** To start a process, read its signatures and open tens of thousands of connections. */
const OPEN_MAX_MS = 120_000;
/** Beyond lead, arrivals and drain: an overloaded machine, and samples on their way over IPC. */
const RUN_MARGIN_MS = 30_000;

export interface GeneratorsOptions {
  /** Arguments for node before the entry, such as `--cpu-prof`. */
  readonly nodeArgs?: readonly string[] | undefined;
  /** As taskset takes them; all cores where absent. */
  readonly cores?: string | undefined;
  /** Sums over all generators. */
  readonly onProgress?: (progress: GeneratorProgress) => void;
}

export class Generators {
  private readonly children: ChildProcess[];
  private readonly specs: readonly GeneratorSpec[];
  private readonly progress: GeneratorProgress[];
  private readonly onProgress: (progress: GeneratorProgress) => void;

  constructor(specs: readonly GeneratorSpec[], options: GeneratorsOptions = {}) {
    this.specs = specs;
    this.onProgress = options.onProgress ?? (() => undefined);
    this.progress = specs.map(() => ({ due: 0, answered: 0, waiting: 0, open: 0 }));
    const args = [...(options.nodeArgs ?? []), ENTRY];
    const command = pinned({ file: process.execPath, args }, options.cores);
    this.children = specs.map(() => {
      const child = spawn(command.file, command.args, {
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      // Whoever waits hears of it by a listener of its own.
      return child.on('error', () => undefined);
    });
  }

  /** Opens all connections; rejects with the reason where one cannot be opened. */
  async open(): Promise<void> {
    const all = this.children.map(async (child, i) => {
      this.send(child, { kind: 'open', spec: this.specs[i]! });
      await within(OPEN_MAX_MS, 'opening the connections', this.answer(i, 'opened'));
    });
    await Promise.all(all);
  }

  /** Runs all of them from the same instant to the end of their drains. */
  async run(atNanos: bigint): Promise<GeneratorOutcome[]> {
    return Promise.all(
      this.children.map(async (child, i) => {
        this.send(child, { kind: 'run', atNanos });
        const answer = this.answer(i, 'finished');
        const maxMs = runMaxMs(this.specs[i]!, atNanos);
        return (await within(maxMs, 'the run of a generator', answer)).outcome;
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.children.map(child => endChild(child, 'SIGTERM')));
  }

  private send(child: ChildProcess, message: ToGenerator): void {
    // A child that is gone is told apart by its 'exit'.
    child.send(message, () => undefined);
  }

  private answer<Kind extends FromGenerator['kind']>(
    index: number,
    kind: Kind,
  ): Promise<Extract<FromGenerator, { kind: Kind }>> {
    const child = this.children[index]!;
    const { promise, resolve, reject } =
      Promise.withResolvers<Extract<FromGenerator, { kind: Kind }>>();
    const onMessage = (message: FromGenerator) => {
      if (message.kind === 'progress') this.hearProgress(index, message.progress);
      else if (message.kind === 'failed') reject(new Error(message.message));
      else if (message.kind === kind) resolve(message as Extract<FromGenerator, { kind: Kind }>);
    };
    const onExit = (code: number | null, signal: string | null) =>
      reject(new Error(`a generator ended: ${code ?? signal}`));
    child.on('message', onMessage);
    child.once('exit', onExit);
    child.once('error', reject);
    return promise.finally(() => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', reject);
    });
  }

  private hearProgress(index: number, progress: GeneratorProgress): void {
    this.progress[index] = progress;
    const sum = { due: 0, answered: 0, waiting: 0, open: 0 };
    for (const { due, answered, waiting, open } of this.progress) {
      sum.due += due;
      sum.answered += answered;
      sum.waiting += waiting;
      sum.open += open;
    }
    this.onProgress(sum);
  }
}

/** From now to the end of the drain, and the margin. */
function runMaxMs({ warmUpMs, measuredMs }: GeneratorSpec, atNanos: bigint): number {
  const leadMs = Number(atNanos - process.hrtime.bigint()) / 1e6;
  return leadMs + warmUpMs + measuredMs + DRAIN_MS + RUN_MARGIN_MS;
}
