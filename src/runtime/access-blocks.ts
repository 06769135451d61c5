/** Brings the fronts' access-log blocks to the writer, each with the account of its front. */
import type { Config } from '../core/config.ts';
import type { CounterSet } from '../core/counters.ts';
import { AccessLogWriter } from '../telemetry/access-log-writer.ts';
import type { FrontTelemetryShared } from '../telemetry/front-telemetry.ts';
import type { ProcessLog } from '../telemetry/process-log.ts';

export class AccessBlocks {
  private readonly writer: AccessLogWriter | undefined;
  private readonly accounts = new Map<number, SharedArrayBuffer>();

  private constructor(writer: AccessLogWriter | undefined) {
    this.writer = writer;
  }

  /** @throws Error with the way out where the file cannot be opened */
  static async open(
    config: Config['telemetry'],
    counters: CounterSet,
    log: ProcessLog,
  ): Promise<AccessBlocks> {
    if (!config.accessLog) return new AccessBlocks(undefined);
    const file = config.accessLogFile;
    try {
      const report = (message: string, code: string | undefined) => log.error({ code }, message);
      return new AccessBlocks(await AccessLogWriter.open({ file, counters, report }));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(`${file} cannot be written (${code}): correct telemetry.accessLogFile.`);
    }
  }

  addFront(front: number, shared: FrontTelemetryShared): void {
    this.accounts.set(front, shared.accessLogWritten);
  }

  write(front: number, block: ArrayBuffer): void {
    this.writer?.write(block, this.accounts.get(front)!);
  }

  async close(): Promise<void> {
    await this.writer?.close();
  }
}
