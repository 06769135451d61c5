/** A forward step with a directory of its own: calls go to upstreams that a test has made. */
import { systemClock } from '../../../src/core/clock.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import type { AnswerSink, Exchange } from '../../../src/core/exchange.ts';
import type { Problem } from '../../../src/core/problems.ts';
import type { UpstreamRecord } from '../../../src/core/upstream-record.ts';
import { createForwardStep, UpstreamDirectory } from '../../../src/data-plane/upstream/index.ts';
import { createHealthShared, SharedHealthStates } from '../../../src/stores/shared-memory/index.ts';
import { anExchange, identified } from '../../support/exchanges.ts';

export interface ForwardOutcome {
  readonly status: number;
  readonly text: string;
  readonly refusal: Problem | undefined;
  readonly attempts: number;
  /** The target that the record shows. */
  readonly host: string | undefined;
}

export interface ForwardedCall {
  readonly exchange: Exchange;
  readonly ended: Promise<ForwardOutcome>;
}

export interface CallShape {
  readonly method?: string;
  readonly body?: string;
}

export class ForwardWorld {
  readonly counters = new CounterSet();
  readonly directory = new UpstreamDirectory({
    ...{ counters: this.counters, clock: systemClock, reportChange: () => undefined },
    health: new SharedHealthStates(createHealthShared(1), { front: 0 }),
    // The first target first.
    random: () => 0,
  });
  private readonly forward = createForwardStep(this.directory, {
    ...{ clock: systemClock, counters: this.counters, reportFailure: () => undefined },
  });

  call(upstream: UpstreamRecord, { method = 'GET', body = '' }: CallShape = {}): ForwardedCall {
    const { promise, resolve } = Promise.withResolvers<void>();
    let refusal: Problem | undefined;
    const driver = {
      resume: (_: Exchange, problem: Problem | undefined) => {
        refusal = problem;
        resolve();
      },
      complete: () => resolve(),
    };
    const sink = new TextSink();
    const exchange = identified(
      Object.assign(anExchange({ method, arrivedMs: performance.now() }, driver), {
        transport: { handle: undefined, sink },
        body: Buffer.from(body),
      }),
      upstream,
    );
    this.forward(exchange);
    const ended = promise.then(() => {
      const { attempts, upstreamHost: host } = exchange;
      return { status: sink.status, text: sink.text, refusal, attempts, host };
    });
    return { exchange, ended };
  }
}

class TextSink implements AnswerSink {
  status = 0;
  text = '';

  begin(_: Exchange, status: number): void {
    this.status = status;
  }

  write(_: Exchange, chunk: Uint8Array): boolean {
    this.text += Buffer.from(chunk);
    return true;
  }

  end(exchange: Exchange, lastChunk?: Uint8Array): void {
    if (lastChunk !== undefined) this.write(exchange, lastChunk);
    exchange.complete();
  }

  abort(exchange: Exchange): void {
    exchange.complete();
  }
}
