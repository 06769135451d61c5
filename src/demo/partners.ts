/** The partners of the demonstration, one per class: customers of the bank and in the registry. */
import type {
  Environment,
  PartnerClass,
  SignatureAlgorithm,
  SignatureSchemeName,
} from '../core/snapshot.ts';

export interface DemoKey {
  readonly id: string;
  readonly algorithm: SignatureAlgorithm;
  /** RFC 9421 alone where absent; its client signs in the first. */
  readonly schemes?: readonly SignatureSchemeName[];
}

export interface DemoSubscription {
  readonly product: string;
  readonly plan: 'standard' | 'premium';
  readonly scopes: readonly string[];
}

export interface DemoPartner {
  readonly id: string;
  readonly name: string;
  readonly class: PartnerClass;
  /** Where its onboarding stands; in production where absent. */
  readonly status?: 'certification';
  /** The partner's one app. */
  readonly appId: string;
  /** Production where absent. */
  readonly environment?: Environment;
  /** The first signs by default; a second one shows two keys valid at once during a rotation. */
  readonly keys: readonly DemoKey[];
  readonly subscriptions: readonly DemoSubscription[];
}

const SANDBOX = { product: 'sandbox', plan: 'standard', scopes: ['sandbox:use'] } as const;

/**
 * Together they show every algorithm, three schemes, a missing subscription and a missing scope.
 */
export const DEMO_PARTNERS: readonly DemoPartner[] = [
  {
    id: 'nebula-pay',
    name: 'Nebula Pay',
    class: 'internet-platform',
    appId: 'nebula-pay-app',
    keys: [{ id: 'nebula-pay-rsa', algorithm: 'rsa-v1_5-sha256' }],
    subscriptions: [
      {
        product: 'account-information',
        plan: 'premium',
        scopes: ['accounts:read', 'balances:read', 'transactions:read'],
      },
      { product: 'payments', plan: 'premium', scopes: ['transfers:read', 'transfers:write'] },
      SANDBOX,
    ],
  },
  {
    id: 'ledgerworks',
    name: 'Ledgerworks Software',
    class: 'software-vendor',
    appId: 'ledgerworks-app',
    keys: [
      { id: 'ledgerworks-p256', algorithm: 'ecdsa-p256-sha256' },
      { id: 'ledgerworks-p384', algorithm: 'ecdsa-p384-sha384' },
    ],
    subscriptions: [
      {
        product: 'account-information',
        plan: 'standard',
        scopes: ['accounts:read', 'balances:read', 'transactions:read'],
      },
      { product: 'payments', plan: 'standard', scopes: ['transfers:read'] },
      SANDBOX,
    ],
  },
  {
    id: 'creditlens',
    name: 'Creditlens Data',
    class: 'data-provider',
    appId: 'creditlens-app',
    keys: [{ id: 'creditlens-ed25519', algorithm: 'ed25519' }],
    subscriptions: [
      { product: 'account-information', plan: 'standard', scopes: ['accounts:read'] },
      SANDBOX,
    ],
  },
  {
    id: 'huatong-supply',
    name: 'Huatong Supply Chain',
    class: 'supply-chain',
    appId: 'huatong-supply-app',
    keys: [
      { id: 'huatong-supply-hmac', algorithm: 'hmac-sha256' },
      { id: 'huatong-supply-sm2', algorithm: 'sm2-sm3', schemes: ['xingyun', 'rfc9421'] },
    ],
    subscriptions: [
      {
        product: 'account-information',
        plan: 'standard',
        scopes: ['accounts:read', 'balances:read'],
      },
      {
        product: 'invoice-financing',
        plan: 'premium',
        scopes: ['financings:read', 'financings:write'],
      },
      SANDBOX,
    ],
  },
  {
    id: 'stonebridge-capital',
    name: 'Stonebridge Capital',
    class: 'private-equity',
    appId: 'stonebridge-capital-app',
    keys: [
      { id: 'stonebridge-capital-pss', algorithm: 'rsa-pss-sha512' },
      { id: 'stonebridge-capital-ps256', algorithm: 'rsa-pss-sha256', schemes: ['jws'] },
    ],
    subscriptions: [
      {
        product: 'account-information',
        plan: 'premium',
        scopes: ['accounts:read', 'balances:read', 'transactions:read'],
      },
      { product: 'invoice-financing', plan: 'standard', scopes: ['financings:read'] },
      SANDBOX,
    ],
  },
];

/** A partner on its way in: its sandbox app has two keys and is to be certified. */
export const DEMO_NEWCOMER: DemoPartner = {
  id: 'orbit-mall',
  name: 'Orbit Mall',
  class: 'internet-platform',
  status: 'certification',
  appId: 'orbit-mall-sandbox',
  environment: 'sandbox',
  keys: [
    { id: 'orbit-mall-ed25519', algorithm: 'ed25519' },
    { id: 'orbit-mall-p256', algorithm: 'ecdsa-p256-sha256' },
  ],
  subscriptions: [
    { product: 'account-information', plan: 'standard', scopes: ['accounts:read'] },
    SANDBOX,
  ],
};

export const ALL_DEMO_PARTNERS: readonly DemoPartner[] = [...DEMO_PARTNERS, DEMO_NEWCOMER];

/** The partner whose key `xingyun call` uses by default. */
export const DEFAULT_PARTNER: DemoPartner = DEMO_PARTNERS[0]!;
