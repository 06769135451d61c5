import type { RegistryReader } from '../registry/desk-contract.ts';

/** What the registry says about events: its topics and its partners. */
export class TopicDirectory {
  private readonly registry: Pick<RegistryReader, 'get'>;

  constructor(registry: Pick<RegistryReader, 'get'>) {
    this.registry = registry;
  }

  /** What is wrong with an event's address, in words that follow the event. */
  refuse(topic: string, partnerId: string | undefined): string | undefined {
    const audience = this.registry.get('topic', topic)?.body.audience;
    if (audience === undefined) return 'names a topic that is not in the registry';
    if (audience === 'everyone') {
      return partnerId === undefined ? undefined : 'names a partner, and its topic is everyone’s';
    }
    if (partnerId === undefined) return 'names no partner, and its topic’s events each have one';
    const isKnown = this.registry.get('partner', partnerId) !== undefined;
    return isKnown ? undefined : 'names a partner that is not in the registry';
  }
}
