import type { PoolSettings } from '../../core/pool-settings.ts';
import { BATCH_BUFFER_BYTES } from './batch-buffers.ts';
import { BATCH_HEADER_BYTES } from './batch-codec.ts';
import type { BatchBounds } from './fair-lanes.ts';

/**
 * Estimated work in one batch. Long enough that the hop (25 µs of front CPU) is a hundredth of it,
 * short enough that a worker is soon free for another app's turn.
 */
export const BATCH_COST_MAX_MICROS = 2_500;

/**
 * A job that costs more travels alone: what is quick must not wait within its batch for a check of
 * SM2 (0.75 ms), nor behind three of them. Its hop is a tenth of it at most.
 */
const ALONE_ABOVE_MICROS = 300;

export function boundsOf({ batchMax }: PoolSettings): BatchBounds {
  return {
    itemsMax: batchMax,
    costMaxMicros: BATCH_COST_MAX_MICROS,
    aloneAboveMicros: ALONE_ABOVE_MICROS,
    bytesMax: BATCH_BUFFER_BYTES - BATCH_HEADER_BYTES,
  };
}
