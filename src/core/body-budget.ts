import type { CounterSet } from './counters.ts';

/** Whoever holds bodies in memory: an exchange, or what outlives one. */
export interface BodyHolder {
  /** Counted against bodiesBufferedMaxBytes. */
  bodyReservedBytes: number;
  /** Of them, for its answer. */
  answerReservedBytes: number;
}

/**
 * Counts bytes that the exchange holds of bodies until it is over, whoever made them; false
 * where there would be more than `maxBytes` of all exchanges of this front.
 */
export function reserveBodyBytes(
  holder: BodyHolder,
  bytes: number,
  counters: CounterSet,
  maxBytes: number,
): boolean {
  const held = counters.get('body_bytes_buffered') + bytes;
  if (held > maxBytes) return false;
  counters.set('body_bytes_buffered', held);
  holder.bodyReservedBytes += bytes;
  return true;
}

/**
 * Counts an answer that is gathered, of which there are so many bytes by now; once, however many
 * gather it one after another. False where there is no room for what is more than before.
 */
export function reserveAnswerBytes(
  holder: BodyHolder,
  bytes: number,
  counters: CounterSet,
  maxBytes: number,
): boolean {
  const more = bytes - holder.answerReservedBytes;
  if (more <= 0) return true;
  if (!reserveBodyBytes(holder, more, counters, maxBytes)) {
    counters.add('bodies_refused_memory');
    return false;
  }
  holder.answerReservedBytes = bytes;
  return true;
}

export function releaseBodyBytes(holder: BodyHolder, counters: CounterSet): void {
  counters.add('body_bytes_buffered', -holder.bodyReservedBytes);
  holder.bodyReservedBytes = 0;
  holder.answerReservedBytes = 0;
}
