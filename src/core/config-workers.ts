/** The section `workers` of the configuration. */
import Type from 'typebox';
import { integer, section } from './config-fields.ts';
import {
  BATCH_JOBS_MAX,
  PLACEMENTS,
  QUEUE_JOBS_MAX,
  WORK_KINDS,
  WORKERS_MAX,
  type WorkKind,
} from './pool-settings.ts';

const placement = Type.Enum([...PLACEMENTS], {
  description:
    'Where signature checks and conversions run: `auto` decides by the cost measured at start, ' +
    '`inline` is the front thread, `pool` a worker.',
  default: 'auto',
});

const placements = section(
  'Where one kind of work runs, in place of `placement`.',
  Object.fromEntries(
    WORK_KINDS.map(kind => [
      kind,
      Type.Optional(Type.Enum([...PLACEMENTS], { description: kindDescription(kind) })),
    ]),
  ) as Record<WorkKind, Type.TOptional<Type.TEnum<[...typeof PLACEMENTS]>>>,
);

function kindDescription(kind: WorkKind): string {
  return kind === 'conversion' ? 'Payloads that are converted.' : `Signatures by ${kind}.`;
}

export const workersSection = section('Worker pool of each front.', {
  count: integer('Worker threads per front.', 1, 1, WORKERS_MAX),
  batchMax: integer('Checks and conversions in one batch.', 64, 1, BATCH_JOBS_MAX),
  queueMax: integer('Checks and conversions that wait for a worker.', 4_096, 1, QUEUE_JOBS_MAX),
  batchTimeoutMs: integer('After this a batch and its worker are given up.', 5_000, 50, 60_000),
  inlineMaxMicros: integer('With `auto`, checks up to this cost run inline.', 15, 0, 10_000),
  placement,
  placements,
});
