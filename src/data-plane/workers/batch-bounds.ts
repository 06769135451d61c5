import type { PoolSettings } from '../../core/pool-settings.ts';
import { BATCH_BUFFER_BYTES } from './batch-buffers.ts';
import { BATCH_HEADER_BYTES } from './batch-codec.ts';
import type { BatchBounds } from './fair-lanes.ts';

/**
 * Estimated work in one batch. Long enough that the hop (25 µs of front CPU) is a hundredth of it,
 * short enough that a worker is soon free for another app's turn.
 */
export const BATCH_COST_MAX_MICROS = 2_500;

export function boundsOf({ batchMax }: PoolSettings): BatchBounds {
  return {
    itemsMax: batchMax,
    costMaxMicros: BATCH_COST_MAX_MICROS,
    bytesMax: BATCH_BUFFER_BYTES - BATCH_HEADER_BYTES,
  };
}
