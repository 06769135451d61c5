/** What the bank tells its partners by itself: the topics, and which event belongs to whom. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { EventOutbox } from './event-outbox.ts';
import { type Account, HOUSE, type Transaction } from './ledger.ts';
import type { Transfer } from './transfer-book.ts';

export interface NoticeOrder {
  readonly title: string;
  readonly text?: string;
}

export interface Notice extends NoticeOrder {
  readonly noticeId: string;
  /** RFC 3339, UTC. */
  readonly publishedAt: string;
}

export class BankEvents {
  private readonly clock: Clock;
  /**
   * The bank's numbers begin anew with each process, and the gateway's journal does not: without it
   * the first transfer of today would be taken for the first of yesterday.
   */
  private readonly run = randomBytes(4).toString('hex');
  private outbox: EventOutbox | undefined;
  private notices = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** From here on events leave; what happened before is not told. */
  sendThrough(outbox: EventOutbox): void {
    this.outbox = outbox;
  }

  /** To the partner that ordered it. */
  transferCompleted(partner: string, transfer: Transfer): void {
    const { transferId, status, createdAt: time } = transfer;
    const id = `${transferId}:${status}:${this.run}`;
    this.outbox?.add({ topic: 'transfer-status', partner, id, time, data: transfer });
  }

  /** To the account's owner: each side of a movement hears of its own. */
  transactionBooked({ accountId, partnerId: partner }: Account, transaction: Transaction): void {
    if (partner === HOUSE) return;
    const { sequence: _sequence, ...shown } = transaction;
    const id = `${shown.transactionId}:${accountId}:${this.run}`;
    const data = { accountId, transaction: shown };
    this.outbox?.add({ topic: 'account-transactions', partner, id, time: shown.bookedAt, data });
  }

  /** To everyone. `off` where the bank publishes nothing, `full` where too much waits already. */
  publishNotice(order: NoticeOrder): Notice | 'off' | 'full' {
    if (this.outbox === undefined) return 'off';
    const noticeId = `ntc-${this.notices + 1}`;
    const time = new Date(this.clock.wallMs()).toISOString();
    const notice: Notice = { noticeId, publishedAt: time, ...order };
    const id = `${noticeId}:${this.run}`;
    const event = { topic: 'notices', partner: undefined, id, time, data: notice };
    if (!this.outbox.add(event)) return 'full';
    this.notices += 1;
    return notice;
  }
}
