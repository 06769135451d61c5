/**
 * The calls of one session that are under way: a handful, in an array. A Set and a Map for each
 * session are built anew all the time as calls come and go, and what they leave behind made the
 * collector stop the thread: with 12,000 sessions and 16,000 calls a second p99 was 15 ms with them
 * and 3.5 ms with arrays.
 */
import type { Call } from './call.ts';
import type { RpcId } from './rpc.ts';

export class OpenCalls {
  private calls: Call[] = [];

  get size(): number {
    return this.calls.length;
  }

  add(call: Call): void {
    this.calls.push(call);
  }

  delete(call: Call): void {
    const { calls } = this;
    const at = calls.indexOf(call);
    if (at < 0) return;
    const last = calls.pop()!;
    if (at < calls.length) calls[at] = last;
  }

  /** The call with this id that is not answered yet. */
  unanswered(id: RpcId): Call | undefined {
    for (const call of this.calls) if (call.id === id && !call.isAnswered) return call;
    return undefined;
  }

  /** All of them, to be ended: each takes itself out meanwhile. */
  snapshot(): readonly Call[] {
    return [...this.calls];
  }
}
