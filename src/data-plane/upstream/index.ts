// Receives an exchange that is verified and routed, with its whole body.
// Adds the attempts, the answer's head and its body, streamed to the sink.
// May refuse with upstream-unreachable, upstream-timeout, upstream-protocol, upstream-saturated,
// circuit-open.
import { PENDING, type Step } from '../../core/exchange.ts';
import type { UpstreamDirectory } from './directory.ts';
import { Forwarding, type ForwardOptions } from './forwarding.ts';
import { RetryBudgets } from './retries.ts';
import { isTarget } from './target-client.ts';

export { UpstreamDirectory } from './directory.ts';
export type { ForwardOptions } from './forwarding.ts';

export function createForwardStep(directory: UpstreamDirectory, options: ForwardOptions): Step {
  const budgets = new RetryBudgets(options.clock, options.counters);
  const parts = { ...options, directory, budgets };
  return exchange => {
    const { upstream } = exchange.target!;
    const target = directory.choose(upstream);
    if (!isTarget(target)) return target;
    budgets.earn(upstream, target.load);
    const forwarding = new Forwarding(exchange, target, parts);
    exchange.source = forwarding;
    forwarding.send();
    return PENDING;
  };
}
