// Receives an exchange that is verified and routed, with its whole body.
// Adds the attempts, the answer's head and its body, streamed to the sink.
// May refuse with upstream-unreachable, upstream-timeout, upstream-protocol, upstream-saturated,
// circuit-open.
import { PENDING, type Step } from '../../core/exchange.ts';
import type { UpstreamDirectory } from './directory.ts';
import { Forwarding, type ForwardOptions } from './forwarding.ts';
import { Hedges } from './hedging.ts';
import { SendBudgets } from './send-budgets.ts';
import { isTarget } from './target-client.ts';

export { UpstreamDirectory } from './directory.ts';
export type { ForwardOptions } from './forwarding.ts';

export function createForwardStep(directory: UpstreamDirectory, options: ForwardOptions): Step {
  const { clock, counters } = options;
  const budgets = new SendBudgets(clock);
  const hedges = new Hedges({ directory, clock, counters });
  const parts = { ...options, directory, budgets, hedges };
  return exchange => {
    const { upstream } = exchange.target!;
    const target = directory.choose(upstream);
    if (!isTarget(target)) return target;
    const { retry } = upstream.resilience;
    if (retry !== undefined) budgets.earn(target.load, retry);
    const forwarding = new Forwarding(exchange, target, parts);
    exchange.source = forwarding;
    forwarding.send();
    return PENDING;
  };
}
