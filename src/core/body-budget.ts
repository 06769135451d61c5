import type { CounterSet } from './counters.ts';
import type { Exchange } from './exchange.ts';

/**
 * Counts bytes that the exchange holds of bodies until it is over, whoever made them; false
 * where there would be more than `maxBytes` of all exchanges of this front.
 */
export function reserveBodyBytes(
  exchange: Exchange,
  bytes: number,
  counters: CounterSet,
  maxBytes: number,
): boolean {
  const held = counters.get('body_bytes_buffered') + bytes;
  if (held > maxBytes) return false;
  counters.set('body_bytes_buffered', held);
  exchange.bodyReservedBytes += bytes;
  return true;
}

export function releaseBodyBytes(exchange: Exchange, counters: CounterSet): void {
  counters.add('body_bytes_buffered', -exchange.bodyReservedBytes);
  exchange.bodyReservedBytes = 0;
}
