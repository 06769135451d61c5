/** Invoice financings: applied for, decided at once, drawn once. */
import type { Clock } from '../../core/clock.ts';
import { BankProblem } from './bank-problem.ts';
import type { Ledger, Money } from './ledger.ts';
import { cutPage, isDate, type Page, type PageRequest } from './page.ts';

export const FINANCING_STATES = ['approved', 'rejected', 'disbursed'] as const;
export type FinancingState = (typeof FINANCING_STATES)[number];

export interface FinancingApplication {
  readonly invoiceNumber: string;
  readonly debtor: string;
  readonly accountId: string;
  readonly amount: Money;
  readonly dueOn: string;
}

type RejectionReason = 'amount-too-high' | 'due-date-passed' | 'due-date-too-far';

export interface Financing extends FinancingApplication {
  readonly financingId: string;
  readonly state: FinancingState;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly rejectionReason?: RejectionReason;
}

interface Entry {
  readonly sequence: number;
  financing: Financing;
}

/** What the bank lends on one invoice at most. */
export const FINANCING_AMOUNT_MAX_MINOR = 10_000_000_000;
/** Roughly ten years. */
const DUE_WITHIN_MAX_MS = 3_653 * 86_400_000;
/** Per partner; beyond it the oldest financing is forgotten, together with its invoice number. */
export const FINANCINGS_PER_PARTNER_MAX = 2_000;
/** Partners are taken from a header that the gateway sets; the bound holds where it does not. */
const PARTNERS_MAX = 1_000;

export class FinancingBook {
  private readonly ledger: Ledger;
  private readonly clock: Clock;
  private readonly byPartner = new Map<string, Entry[]>();
  private count = 0;

  constructor(ledger: Ledger, clock: Clock) {
    this.ledger = ledger;
    this.clock = clock;
  }

  /** `created` is false where the invoice was applied for with the same content before. */
  apply(
    partnerId: string,
    application: FinancingApplication,
  ): { readonly financing: Financing; readonly created: boolean } | BankProblem {
    const entries = this.byPartner.get(partnerId) ?? [];
    const known = entries.find(
      entry => entry.financing.invoiceNumber === application.invoiceNumber,
    )?.financing;
    if (known !== undefined) {
      return isSameApplication(known, application)
        ? { financing: known, created: false }
        : new BankProblem('invoice-financed', 'Apply for an invoice once.');
    }
    const refusal = this.refuse(partnerId, application);
    if (refusal !== undefined) return refusal;
    const financing = this.decide(application);
    entries.push({ sequence: this.count, financing });
    if (entries.length > FINANCINGS_PER_PARTNER_MAX) entries.shift();
    this.byPartner.set(partnerId, entries);
    return { financing, created: true };
  }

  get(partnerId: string, financingId: string): Financing | BankProblem {
    return this.find(partnerId, financingId)?.financing ?? unknownFinancing();
  }

  list(partnerId: string, page: PageRequest, state: FinancingState | undefined): Page<Financing> {
    const cut = cutPage(
      this.byPartner.get(partnerId) ?? [],
      page,
      entry => state === undefined || entry.financing.state === state,
    );
    return { items: cut.items.map(entry => entry.financing), nextCursor: cut.nextCursor };
  }

  /** Moves the money of an approved financing from the bank to the account; once. */
  draw(partnerId: string, financingId: string): Financing | BankProblem {
    const entry = this.find(partnerId, financingId);
    if (entry === undefined) return unknownFinancing();
    const { financing } = entry;
    if (financing.state === 'disbursed') return financing;
    if (financing.state === 'rejected') {
      return new BankProblem('state-conflict', 'The financing was rejected.');
    }
    const { amountMinor, currency } = financing.amount;
    const from = this.ledger.house(currency);
    if (from.balanceMinor < amountMinor) {
      return new BankProblem('funds-insufficient', 'The bank has lent all that it has.');
    }
    this.ledger.move({
      from,
      to: this.ledger.ownedAccount(partnerId, financing.accountId)!,
      amountMinor,
      atMs: this.clock.wallMs(),
      description: `Financing of invoice ${financing.invoiceNumber}`,
    });
    entry.financing = { ...financing, state: 'disbursed' };
    return entry.financing;
  }

  private find(partnerId: string, financingId: string): Entry | undefined {
    return this.byPartner
      .get(partnerId)
      ?.find(entry => entry.financing.financingId === financingId);
  }

  private refuse(partnerId: string, application: FinancingApplication): BankProblem | undefined {
    const account = this.ledger.ownedAccount(partnerId, application.accountId);
    if (account === undefined) return new BankProblem('account-unknown', 'accountId is not yours.');
    if (account.currency !== application.amount.currency) {
      return new BankProblem('currency-mismatch', 'The account is in another currency.');
    }
    if (!isDate(application.dueOn)) {
      return new BankProblem('body-invalid', 'dueOn is not a day of the calendar.');
    }
    if (!this.byPartner.has(partnerId) && this.byPartner.size >= PARTNERS_MAX) {
      return new BankProblem('state-conflict', 'The bank takes no more partners.');
    }
    return undefined;
  }

  private decide(application: FinancingApplication): Financing {
    this.count += 1;
    const nowMs = this.clock.wallMs();
    const reason = rejectionReason(application, nowMs);
    return {
      financingId: `fin-${this.count}`,
      state: reason === undefined ? 'approved' : 'rejected',
      createdAt: new Date(nowMs).toISOString(),
      ...(reason === undefined ? {} : { rejectionReason: reason }),
      ...application,
    };
  }
}

function unknownFinancing(): BankProblem {
  return new BankProblem('resource-unknown', 'No financing of yours has this id.');
}

function rejectionReason(
  application: FinancingApplication,
  nowMs: number,
): RejectionReason | undefined {
  const dueMs = Date.parse(`${application.dueOn}T23:59:59Z`);
  if (application.amount.amountMinor > FINANCING_AMOUNT_MAX_MINOR) return 'amount-too-high';
  if (dueMs < nowMs) return 'due-date-passed';
  return dueMs > nowMs + DUE_WITHIN_MAX_MS ? 'due-date-too-far' : undefined;
}

function isSameApplication(a: FinancingApplication, b: FinancingApplication): boolean {
  return (
    a.debtor === b.debtor &&
    a.accountId === b.accountId &&
    a.dueOn === b.dueOn &&
    a.amount.amountMinor === b.amount.amountMinor &&
    a.amount.currency === b.amount.currency
  );
}
