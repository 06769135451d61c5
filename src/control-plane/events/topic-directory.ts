import type { RegistrySnapshot, TopicAudience } from '../../core/snapshot.ts';

/** What one registry says about events: its topics and its partners. */
export class TopicDirectory {
  private readonly audiences: ReadonlyMap<string, TopicAudience>;
  private readonly partners: ReadonlySet<string>;

  constructor({ topics, partners }: Pick<RegistrySnapshot, 'topics' | 'partners'>) {
    this.audiences = new Map(topics.map(({ id, audience }) => [id, audience]));
    this.partners = new Set(partners.map(({ id }) => id));
  }

  /** What is wrong with an event's address, in words that follow the event. */
  refuse(topic: string, partnerId: string | undefined): string | undefined {
    const audience = this.audiences.get(topic);
    if (audience === undefined) return 'names a topic that is not in the registry';
    if (audience === 'everyone') {
      return partnerId === undefined ? undefined : 'names a partner, and its topic is everyone’s';
    }
    if (partnerId === undefined) return 'names no partner, and its topic’s events each have one';
    return this.partners.has(partnerId) ? undefined : 'names a partner that is not in the registry';
  }
}
