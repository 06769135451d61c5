/** The same accounts and the same history on every start, so that examples stay true. */
import { ALL_DEMO_PARTNERS, type DemoPartner } from '../partners.ts';
import {
  type Account,
  CURRENCIES,
  type Currency,
  HOUSE,
  houseAccountId,
  Ledger,
} from './ledger.ts';

const HOUSE_BALANCE_MINOR = 10_000_000_000_000;
const OPENING_MINOR = 50_000_000;
const MOVES_PER_ACCOUNT = 120;
const FIRST_DAY_MS = Date.UTC(2026, 3, 1);
/** 120 moves over 90 days. */
const MOVE_INTERVAL_MS = 18 * 3_600_000;
const DESCRIPTIONS = [
  'Merchant settlement',
  'Card clearing',
  'Supplier payment',
  'Refund',
  'Service fee',
] as const;

const ACCOUNTS: readonly { readonly name: string; readonly currency: Currency }[] = [
  { name: 'Operating account', currency: 'CNY' },
  { name: 'Settlement account', currency: 'CNY' },
  { name: 'Euro account', currency: 'EUR' },
];

/** mulberry32: small, seeded, and the same on every platform. */
function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function seedLedger(): Ledger {
  const ledger = new Ledger();
  for (const currency of CURRENCIES) {
    ledger.open({
      accountId: houseAccountId(currency),
      partnerId: HOUSE,
      name: 'The bank',
      currency,
      openedOn: '2020-01-01',
      balanceMinor: HOUSE_BALANCE_MINOR,
    });
  }
  const random = randomSource(20_260_401);
  for (const partner of ALL_DEMO_PARTNERS) {
    for (const account of openAccounts(ledger, partner)) seedHistory(ledger, account, random);
  }
  return ledger;
}

function openAccounts(ledger: Ledger, partner: DemoPartner): Account[] {
  return ACCOUNTS.map(({ name, currency }, index) =>
    ledger.open({
      accountId: `acc-${partner.id}-${index + 1}`,
      partnerId: partner.id,
      name,
      currency,
      openedOn: '2024-03-01',
      balanceMinor: 0,
    }),
  );
}

function seedHistory(ledger: Ledger, account: Account, random: () => number): void {
  const house = ledger.house(account.currency);
  for (let i = 0; i < MOVES_PER_ACCOUNT; i += 1) {
    const incoming = i === 0 || random() < 0.6;
    const wanted = i === 0 ? OPENING_MINOR : 1 + Math.floor(random() * 2_000_000);
    const [from, to] = incoming ? [house, account] : [account, house];
    const amountMinor = Math.min(wanted, from.balanceMinor);
    const description =
      i === 0 ? 'Opening balance' : DESCRIPTIONS[Math.floor(random() * DESCRIPTIONS.length)]!;
    if (amountMinor === 0) continue;
    ledger.move({ from, to, amountMinor, atMs: FIRST_DAY_MS + i * MOVE_INTERVAL_MS, description });
  }
}
