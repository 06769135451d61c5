import type { PublishedEvent } from '../../src/core/events.ts';

export function anEvent(id: string, more: Partial<PublishedEvent> = {}): PublishedEvent {
  return {
    topic: 'transfer-status',
    partnerId: 'nebula-pay',
    id,
    time: '2026-11-26T01:00:00.000Z',
    data: `{"id":"${id}"}`,
    ...more,
  };
}

/** `e-<from>`, `e-<from + 1>`, ... */
export function someEvents(count: number, from = 1, more: Partial<PublishedEvent> = {}) {
  return Array.from({ length: count }, (_, i) => anEvent(`e-${from + i}`, more));
}
