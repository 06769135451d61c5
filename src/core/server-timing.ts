import type { Exchange } from './exchange.ts';
import { STAGE, STAGES } from './stages.ts';

/**
 * The value of Server-Timing (https://www.w3.org/TR/server-timing/#the-server-timing-header-field):
 * the stages that are known when the answer's head is written, durations in milliseconds with three
 * decimals. `nowMs` is the clock of `arrivedMs`; it gives `total` while the exchange still runs.
 * Empty where nothing is known.
 */
export function serverTiming(exchange: Exchange, nowMs?: number): string {
  const { stageMs } = exchange;
  let value = '';
  for (let stage = 0; stage < STAGE.total; stage += 1) {
    const ms = stageMs[stage]!;
    if (ms > 0) value += `${STAGES[stage]};dur=${ms.toFixed(3)}, `;
  }
  const recorded = stageMs[STAGE.total]!;
  const totalMs =
    recorded > 0 || nowMs === undefined ? recorded : nowMs - exchange.arrival.arrivedMs;
  return totalMs > 0 ? `${value}total;dur=${totalMs.toFixed(3)}` : value.slice(0, -2);
}
