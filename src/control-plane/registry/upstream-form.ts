/** An upstream as it is stored: its addresses read, its TLS material tried, its key sealed. */
import type { UpstreamTarget } from '../../core/upstream-record.ts';
import type { JsonObject } from '../../stores/registry-contract.ts';
import { checkTlsMaterial } from '../config/tls-files.ts';
import { type FormContext, type Refuse, sealWhereNeeded, WRONG_SEAL } from './form-context.ts';
import { holdsPrivateKey } from './public-keys.ts';
import type { SealOwner, SecretSealer } from './sealer.ts';
import type { Upstream } from './upstream-schema.ts';

type Tls = NonNullable<Upstream['tls']>;

export interface DerivedUpstream {
  readonly isTls: boolean;
  readonly targets: readonly UpstreamTarget[];
}

const URL_FORM = /^(https?):\/\/([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\/?$/;

interface Address {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

export function completeUpstream(
  upstream: Upstream,
  context: FormContext,
  refuse: Refuse,
): JsonObject {
  const { tls } = upstream;
  const derived = readTargets(upstream, refuse);
  if (derived === undefined) return {};
  if (tls !== undefined && !derived.isTls) refuse('/tls', 'goes with https only');
  const sealed = tls === undefined ? {} : { tls: sealTls(tls, ownerOf(upstream), context, refuse) };
  return { ...upstream, ...sealed, derived } as unknown as JsonObject;
}

/** The client's private key, PEM; undefined where no key of the sealer opens it. */
export function tlsKey(
  upstream: Pick<Upstream, 'id'>,
  sealedKey: string,
  sealer: SecretSealer,
): string | undefined {
  const key = sealer.open(sealedKey, ownerOf(upstream));
  return key && Buffer.from(key).toString('utf8');
}

function ownerOf({ id }: Pick<Upstream, 'id'>): SealOwner {
  return `upstream/${id}`;
}

function readTargets(upstream: Upstream, refuse: Refuse): DerivedUpstream | undefined {
  const { url, targets } = upstream;
  if ((url === undefined) === (targets === undefined)) {
    refuse('', 'must have either url or targets');
    return undefined;
  }
  const given = targets?.map((target, index) => ({
    ...target,
    pointer: `/targets/${index}/url`,
  })) ?? [{ url: url!, weight: 1, pointer: '/url' }];
  const read: (UpstreamTarget & Address)[] = [];
  for (const { url, weight, pointer } of given) {
    const address = parseAddress(url);
    const wrong = typeof address === 'string' ? address : refuseBeside(address, read);
    if (wrong !== undefined) refuse(pointer, wrong);
    else read.push({ ...(address as Address), weight });
  }
  if (read.length < given.length) return undefined;
  return {
    isTls: read[0]!.isTls,
    targets: read.map(({ host, port, weight }) => ({ host, port, weight })),
  };
}

function parseAddress(url: string): Address | string {
  const [, scheme, host, portText] = URL_FORM.exec(url) ?? [];
  const port = Number(portText ?? (scheme === 'https' ? 443 : 80));
  // The parser of the platform has the last word on addresses such as [::1] and 1.2.3.256.
  if (host === undefined || port < 1 || port > 65_535 || !URL.canParse(url)) {
    return 'must be http://host:port or https://host:port, nothing else';
  }
  return { host: host.replace(/^\[|\]$/g, ''), port, isTls: scheme === 'https' };
}

/** What keeps an address from being a target beside others, as a verb phrase. */
function refuseBeside(address: Address, others: readonly Address[]): string | undefined {
  const [first] = others;
  if (first !== undefined && first.isTls !== address.isTls) {
    return `must be ${first.isTls ? 'https' : 'http'} as the first target is`;
  }
  const twin = others.find(({ host, port }) => host === address.host && port === address.port);
  return twin && 'is there already; give that target more weight';
}

function sealTls(
  tls: Tls,
  owner: SealOwner,
  { sealer, current }: FormContext,
  refuse: Refuse,
): object {
  const { key, sealedKey, ...rest } = tls;
  if (key !== undefined && sealedKey !== undefined) {
    refuse('/tls', 'must have either key or sealedKey');
    return rest;
  }
  if ((tls.cert === undefined) !== (key === undefined && sealedKey === undefined)) {
    refuse('/tls', 'must have a certificate and its key together');
  }
  const opened = sealedKey === undefined ? undefined : sealer.open(sealedKey, owner);
  if (sealedKey !== undefined && opened === undefined) refuse('/tls/sealedKey', WRONG_SEAL);
  const plainKey = key === undefined ? opened : Buffer.from(key);
  const material = {
    ca: withoutPrivateKey(tls, 'ca', refuse),
    cert: withoutPrivateKey(tls, 'cert', refuse),
    key: plainKey && Buffer.from(plainKey).toString('utf8'),
  };
  checkTlsMaterial(material, (part, message) => {
    refuse(part === 'key' && key === undefined ? '/tls/sealedKey' : `/tls/${part}`, message);
  });
  if (plainKey === undefined) return rest;
  const currentTls = current?.tls as Tls | undefined;
  const present = [currentTls?.sealedKey, sealedKey];
  return { ...rest, sealedKey: sealWhereNeeded(plainKey, owner, present, sealer) };
}

/** A private key beside certificates would be kept, shown and exported in clear. */
function withoutPrivateKey(tls: Tls, part: 'ca' | 'cert', refuse: Refuse): string | undefined {
  if (!holdsPrivateKey(tls[part] ?? '')) return tls[part];
  refuse(`/tls/${part}`, 'must not hold a private key');
  return undefined;
}
