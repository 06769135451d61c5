/** Accounts and the only way in which money moves: between two of them, never from nowhere. */

export type Currency = 'CNY' | 'EUR';
export const CURRENCIES: readonly Currency[] = ['CNY', 'EUR'];

/** An amount in the currency's smallest unit. */
export interface Money {
  readonly amountMinor: number;
  readonly currency: Currency;
}

export interface Transaction {
  /** Grows within the account; pages are cut by it. */
  readonly sequence: number;
  readonly transactionId: string;
  /** RFC 3339, UTC. */
  readonly bookedAt: string;
  readonly direction: 'credit' | 'debit';
  readonly amount: Money;
  readonly balanceAfter: Money;
  readonly description: string;
}

export interface Account {
  readonly accountId: string;
  /** The owner; the bank itself is HOUSE. */
  readonly partnerId: string;
  readonly name: string;
  readonly currency: Currency;
  readonly openedOn: string;
  balanceMinor: number;
  sequence: number;
  /** The oldest first, at most TRANSACTIONS_PER_ACCOUNT_MAX. */
  readonly transactions: Transaction[];
}

export type AccountSeed = Pick<
  Account,
  'accountId' | 'partnerId' | 'name' | 'currency' | 'openedOn' | 'balanceMinor'
>;

/** Owner of the bank's own accounts; no partner can have this id. */
export const HOUSE = '';
/** Beyond it an account forgets its oldest transactions; its balance stays exact. */
export const TRANSACTIONS_PER_ACCOUNT_MAX = 1_000;

export interface Posting {
  readonly from: Account;
  readonly to: Account;
  readonly amountMinor: number;
  readonly atMs: number;
  readonly description: string;
}

export class Ledger {
  private readonly accounts = new Map<string, Account>();
  private transactionCount = 0;
  private onBooked: ((account: Account, transaction: Transaction) => void) | undefined;

  /** Tells of every booking from here on, the debit of a movement before its credit. */
  watch(onBooked: (account: Account, transaction: Transaction) => void): void {
    this.onBooked = onBooked;
  }

  open(seed: AccountSeed): Account {
    if (this.accounts.has(seed.accountId)) throw new Error(`account ${seed.accountId} exists`);
    const account: Account = { ...seed, sequence: 0, transactions: [] };
    this.accounts.set(account.accountId, account);
    return account;
  }

  house(currency: Currency): Account {
    return this.accounts.get(houseAccountId(currency))!;
  }

  /** An account of a customer, whoever it is. */
  customerAccount(accountId: string): Account | undefined {
    const account = this.accounts.get(accountId);
    return account?.partnerId === HOUSE ? undefined : account;
  }

  ownedAccount(partnerId: string, accountId: string): Account | undefined {
    const account = this.customerAccount(accountId);
    return account?.partnerId === partnerId ? account : undefined;
  }

  ownedAccounts(partnerId: string): Account[] {
    const owned = [...this.accounts.values()].filter(
      account => account.partnerId === partnerId && account.partnerId !== HOUSE,
    );
    return owned.sort((a, b) => (a.accountId < b.accountId ? -1 : 1));
  }

  /** The sum of all balances of one currency: the same before and after every move. */
  totalMinor(currency: Currency): number {
    let total = 0;
    for (const account of this.accounts.values()) {
      if (account.currency === currency) total += account.balanceMinor;
    }
    return total;
  }

  /** Books a debit and its credit. The caller has checked the accounts, currency and funds. */
  move(posting: Posting): void {
    const { from, to, amountMinor } = posting;
    const valid =
      from !== to &&
      from.currency === to.currency &&
      Number.isSafeInteger(amountMinor) &&
      amountMinor > 0 &&
      from.balanceMinor >= amountMinor;
    if (!valid) throw new Error('the posting breaks the rules of the ledger');
    this.transactionCount += 1;
    this.book(from, 'debit', posting);
    this.book(to, 'credit', posting);
  }

  private book(account: Account, direction: Transaction['direction'], posting: Posting): void {
    const { currency } = account;
    account.balanceMinor += direction === 'credit' ? posting.amountMinor : -posting.amountMinor;
    account.sequence += 1;
    const transaction: Transaction = {
      sequence: account.sequence,
      transactionId: `txn-${this.transactionCount}`,
      bookedAt: new Date(posting.atMs).toISOString(),
      direction,
      amount: { amountMinor: posting.amountMinor, currency },
      balanceAfter: { amountMinor: account.balanceMinor, currency },
      description: posting.description,
    };
    account.transactions.push(transaction);
    this.onBooked?.(account, transaction);
    if (account.transactions.length > TRANSACTIONS_PER_ACCOUNT_MAX) account.transactions.shift();
  }
}

export function houseAccountId(currency: Currency): string {
  return `house-${currency.toLowerCase()}`;
}
