/**
 * The order of the test files: those that are known to take long begin first. One that began last
 * would leave a core with nothing to do until it ends.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Each takes 10 s or more; longest first. */
export const LONG = [
  // Of those that have a process each.
  'faults/reload',
  'faults/registry-killed',
  'faults/degradation/redis-gone',
  'faults/process-start-failures',
  'faults/process-supervision',
  'faults/session-fuzz',
  'control-plane/shelf/public-documents',
  'faults/idempotency-killed',
  'faults/process-threads',
  'faults/session-killed',
  'faults/degradation/memory-short',
  'faults/process-soak',
  'faults/event-journal',
  'faults/session-silence',
  'control-plane/shelf/shelf-worker',
  'faults/degradation/keys-database-gone',
  // Of those that share one.
  'bench/isolation/isolation',
  'cli/start',
  'bench/registry/registry',
  'control-plane/console/page-conduct',
  'control-plane/console/page-views',
  'gateway/shutdown',
  'gateway/streaming',
  'gateway/replay',
  'bench/micro',
  'stores/postgres/registry-server',
  'bench/limits/limits',
  'gateway/limits',
  'gateway/session-client',
  'gateway/registry-changes',
  'bench/idle',
  'bench/fanout/fanout',
  'bench/idempotency/idempotency',
  'gateway/tracing',
  'bench/reload/reload',
  'gateway/session-changes',
  'cli/registry',
  'cli/check',
  'bench/load/open-loop',
  'gateway/tokens',
  'bench/chaos/chaos',
  'gateway/certification',
  'bench/sessions/sessions',
  'gateway/reload',
  'cli/keys',
  'gateway/tls',
  'gateway/console',
];

export class LongestFirst extends BaseSequencer {
  /** The files of a project stay together, behind each other as vitest has sorted the projects. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return projects.flatMap(project =>
      sorted.filter(file => file.project === project).sort((a, b) => rank(a) - rank(b)),
    );
  }
}

function rank({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex(name => moduleId.endsWith(`/test/${name}.test.ts`));
  return place === -1 ? LONG.length : place;
}
