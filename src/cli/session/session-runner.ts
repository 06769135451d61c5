/** Carries out the commands of `xingyun ws` on a session. */
import type { Session, Subscription } from '../../client/index.ts';
import { COMMANDS_HELP, type SessionCommand } from './parse-command.ts';
import type { SessionOutput } from './session-output.ts';

export class SessionRunner {
  /** Events shown until now, of all topics. */
  eventCount = 0;
  private countMax = Number.POSITIVE_INFINITY;
  private onComplete: (() => void) | undefined;
  private readonly session: Session;
  private readonly output: SessionOutput;
  private readonly subscriptions = new Map<string, Subscription>();
  /** Each resolves when its topic has ended. */
  private readonly readers = new Map<string, Promise<void>>();

  constructor(session: Session, output: SessionOutput) {
    this.session = session;
    this.output = output;
  }

  get hasSubscriptions(): boolean {
    return this.subscriptions.size > 0;
  }

  /** Shows so many events and no more; all of them where the count is undefined. */
  expectEvents(count: number | undefined, onComplete: () => void): void {
    this.countMax = count ?? Number.POSITIVE_INFINITY;
    this.onComplete = onComplete;
  }

  /** Never rejects: what fails is shown. */
  async run(command: SessionCommand, text: string): Promise<void> {
    try {
      await this.carryOut(command, text);
    } catch (error) {
      await this.output.failed(text, error);
    }
  }

  /** Resolves when all topics have ended. */
  async untilEnded(): Promise<void> {
    while (this.readers.size > 0) await Promise.all(this.readers.values());
  }

  /** Ends all topics. */
  async unsubscribeAll(): Promise<void> {
    for (const subscription of this.subscriptions.values()) subscription.unsubscribe();
    await this.untilEnded();
  }

  private async carryOut(command: SessionCommand, text: string): Promise<void> {
    const { session, output } = this;
    switch (command.kind) {
      case 'request': {
        const { method, path, body, isSigned } = command;
        await output.answer(text, await session.request(method, path, body, { sign: isSigned }));
        return;
      }
      case 'call':
        await output.answer(text, await session.call(command.operation, command.params));
        return;
      case 'subscribe':
        await this.subscribe(command.topic, command.after);
        return;
      case 'unsubscribe':
        await this.unsubscribe(command.topic);
        return;
      case 'help':
        output.say(COMMANDS_HELP);
        return;
      case 'quit':
        return;
    }
  }

  private async subscribe(topic: string, after: string | undefined): Promise<void> {
    const subscription = this.session.subscribe(topic, after === undefined ? {} : { after });
    const cursor = await subscription.started;
    await this.output.subscribed(topic, cursor);
    this.subscriptions.set(topic, subscription);
    const reader = this.showEvents(subscription).finally(() => {
      this.subscriptions.delete(topic);
      this.readers.delete(topic);
    });
    this.readers.set(topic, reader);
  }

  private async unsubscribe(topic: string): Promise<void> {
    const subscription = this.subscriptions.get(topic);
    if (subscription === undefined) throw new Error(`there is no subscription to ${topic}.`);
    subscription.unsubscribe();
    await this.readers.get(topic);
  }

  private async showEvents(subscription: Subscription): Promise<void> {
    const { topic } = subscription;
    let { cursor } = subscription;
    try {
      for await (const event of subscription) {
        if (this.eventCount >= this.countMax) break;
        this.eventCount++;
        await this.output.event(event);
        cursor = event.cursor;
        if (this.eventCount >= this.countMax) this.onComplete?.();
      }
    } catch (error) {
      await this.output.failed(`subscribe ${topic}`, error);
    }
    await this.output.unsubscribed(topic, cursor);
  }
}
