/** Transfers, each carried out once per reference. */
import type { Clock } from '../../core/clock.ts';
import { BankProblem } from './bank-problem.ts';
import type { Ledger, Money } from './ledger.ts';

export interface TransferOrder {
  readonly reference: string;
  readonly fromAccountId: string;
  readonly toAccountId: string;
  readonly amount: Money;
  readonly purpose?: string;
}

export interface Transfer extends TransferOrder {
  readonly transferId: string;
  readonly status: 'completed';
  /** RFC 3339, UTC. */
  readonly createdAt: string;
}

interface Entry {
  readonly partnerId: string;
  readonly transfer: Transfer;
}

/** Beyond it the oldest transfer is forgotten, together with its reference. */
export const TRANSFERS_MAX = 10_000;

export class TransferBook {
  private readonly ledger: Ledger;
  private readonly clock: Clock;
  private readonly byId = new Map<string, Entry>();
  /** By partner and reference; a reference has no line break. */
  private readonly byReference = new Map<string, Transfer>();
  private count = 0;

  constructor(ledger: Ledger, clock: Clock) {
    this.ledger = ledger;
    this.clock = clock;
  }

  /** `created` is false where the same order was carried out before. */
  create(
    partnerId: string,
    order: TransferOrder,
  ): { readonly transfer: Transfer; readonly created: boolean } | BankProblem {
    const referenceKey = `${partnerId}\n${order.reference}`;
    const known = this.byReference.get(referenceKey);
    if (known !== undefined) {
      return isSameOrder(known, order)
        ? { transfer: known, created: false }
        : new BankProblem('reference-reused', 'Choose another reference for another order.');
    }
    const refusal = this.carryOut(partnerId, order);
    if (refusal !== undefined) return refusal;
    const transfer = this.record(partnerId, order);
    this.byReference.set(referenceKey, transfer);
    return { transfer, created: true };
  }

  get(partnerId: string, transferId: string): Transfer | BankProblem {
    const entry = this.byId.get(transferId);
    return entry?.partnerId === partnerId
      ? entry.transfer
      : new BankProblem('resource-unknown', 'No transfer of yours has this id.');
  }

  private carryOut(partnerId: string, order: TransferOrder): BankProblem | undefined {
    const from = this.ledger.ownedAccount(partnerId, order.fromAccountId);
    const to = this.ledger.customerAccount(order.toAccountId);
    if (from === undefined)
      return new BankProblem('account-unknown', 'fromAccountId is not yours.');
    if (to === undefined) return new BankProblem('account-unknown', 'toAccountId does not exist.');
    if (from === to) return new BankProblem('account-same', 'Name two different accounts.');
    const { amountMinor, currency } = order.amount;
    if (from.currency !== currency || to.currency !== currency) {
      return new BankProblem('currency-mismatch', 'Both accounts must be in this currency.');
    }
    if (from.balanceMinor < amountMinor) {
      return new BankProblem('funds-insufficient', 'The balance is below the amount.');
    }
    const atMs = this.clock.wallMs();
    this.ledger.move({ from, to, amountMinor, atMs, description: `Transfer ${order.reference}` });
    return undefined;
  }

  private record(partnerId: string, order: TransferOrder): Transfer {
    this.count += 1;
    const transfer: Transfer = {
      transferId: `trf-${this.count}`,
      status: 'completed',
      createdAt: new Date(this.clock.wallMs()).toISOString(),
      ...order,
    };
    this.byId.set(transfer.transferId, { partnerId, transfer });
    if (this.byId.size > TRANSFERS_MAX) this.forgetOldest();
    return transfer;
  }

  private forgetOldest(): void {
    const [transferId, entry] = this.byId.entries().next().value!;
    this.byId.delete(transferId);
    this.byReference.delete(`${entry.partnerId}\n${entry.transfer.reference}`);
  }
}

function isSameOrder(a: TransferOrder, b: TransferOrder): boolean {
  return (
    a.fromAccountId === b.fromAccountId &&
    a.toAccountId === b.toAccountId &&
    a.amount.amountMinor === b.amount.amountMinor &&
    a.amount.currency === b.amount.currency &&
    a.purpose === b.purpose
  );
}
