/**
 * Brings the fronts' blocks of access records to the writer of the log, each with the account of
 * its front, and into the memory that operators search.
 */
import type { Config } from '../core/config.ts';
import { recentRequestsMaxBytes } from '../core/config-recent-requests.ts';
import type { CounterSet } from '../core/counters.ts';
import { AccessLogWriter } from '../telemetry/access-log-writer.ts';
import type { FrontTelemetryShared } from '../telemetry/front-telemetry.ts';
import type { ProcessLog } from '../telemetry/process-log.ts';
import { RecentRequests } from '../telemetry/recent-requests.ts';

export class AccessBlocks {
  readonly recent: RecentRequests;
  private readonly writer: AccessLogWriter | undefined;
  private readonly accounts = new Map<number, SharedArrayBuffer>();

  private constructor(writer: AccessLogWriter | undefined, config: Config['telemetry']) {
    this.writer = writer;
    this.recent = new RecentRequests(recentRequestsMaxBytes(config));
  }

  /** @throws Error with the way out where the file cannot be opened */
  static async open(
    config: Config['telemetry'],
    counters: CounterSet,
    log: ProcessLog,
  ): Promise<AccessBlocks> {
    if (!config.accessLog) return new AccessBlocks(undefined, config);
    const file = config.accessLogFile;
    try {
      const report = (message: string, code: string | undefined) => log.error({ code }, message);
      const writer = await AccessLogWriter.open({ file, counters, report });
      return new AccessBlocks(writer, config);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(`${file} cannot be written (${code}): correct telemetry.accessLogFile.`);
    }
  }

  addFront(front: number, shared: FrontTelemetryShared): void {
    this.accounts.set(front, shared.accessLogWritten);
  }

  /** Takes over a block of whole lines. */
  write(front: number, block: ArrayBuffer): void {
    this.recent.append(front, block);
    const account = this.accounts.get(front)!;
    if (this.writer !== undefined) this.writer.write(block, account);
    else new Float64Array(account)[0]! += block.byteLength;
  }

  async close(): Promise<void> {
    await this.writer?.close();
  }
}
