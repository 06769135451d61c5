import { normaliseAuthority } from '../../core/authority.ts';
import type { BodyDigest, BodyForm, CheckOutcome, CheckRunner } from '../../core/check.ts';
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import {
  type Arrival,
  EMPTY_BODY,
  type Exchange,
  PENDING,
  type StepResult,
} from '../../core/exchange.ts';
import { currentKey, refuseKey } from '../../core/key-status.ts';
import { type Problem, problem, problemAfter } from '../../core/problems.ts';
import type { Resumptions } from '../../core/resumptions.ts';
import type { KeyEntry, SignatureSchemeName, SnapshotHolder } from '../../core/snapshot.ts';
import { STAGE } from '../../core/stages.ts';
import type { NonceClaimant, NonceClaims, NonceOutcome } from '../../stores/contracts.ts';
import type { FailureBudget } from '../../stores/limit-contract.ts';
import { type CarriedFields, carriedFields } from './carried-fields.ts';
import { type Candidate, type Freshness, isProblem, type SignatureScheme } from './scheme.ts';
import { SubmittedCheck } from './submitted-check.ts';
import { refuseUnknown } from './time-window.ts';
import type { Tokens } from './token/index.ts';

const MS_PER_SECOND = 1_000;
const NOT_IN_A_VALUE = /[^\t\x20-\x7e]/;
/** What costs a worker and comes of what the caller sent. */
const FAILURES: ReadonlySet<CheckOutcome> = new Set(['signature-invalid', 'digest-mismatch']);

/** What the step works with. */
export interface VerifyParts {
  readonly checks: CheckRunner;
  readonly nonces: NonceClaims;
  readonly clock: Clock;
  readonly counters: CounterSet;
  /** Normalised: under which signatures are accepted. */
  readonly ownAuthorities: ReadonlySet<string>;
  readonly snapshots: SnapshotHolder;
  readonly failures: FailureBudget;
  readonly prefersInline: boolean;
  readonly resumptions: Resumptions;
  readonly tokens: Tokens | undefined;
  /** Asked in this order; the first that recognises a request decides it alone. */
  readonly schemes: readonly SignatureScheme[];
}

/** Finds out who calls: everything cheap first, then the check, then the nonce. */
export function checkSignature(parts: VerifyParts, exchange: Exchange): StepResult {
  const startedMs = parts.clock.monotonicMs();
  const carried = carriedFields(exchange.arrival.headers);
  const scheme = recognise(parts.schemes, carried);
  const foreign = refuseAuthority(parts.ownAuthorities, exchange.arrival) ?? refuseSeveral(carried);
  if (foreign !== undefined) return foreign;
  if (scheme === undefined) {
    const token = parts.tokens?.find(carried);
    if (token !== undefined) return parts.tokens!.check(exchange, token);
  }
  const odd = carried.authorizations > 0 ? refuseAuthorization(exchange.arrival) : undefined;
  if (odd !== undefined) return odd;
  if (scheme === undefined) return assignSession(parts, exchange);
  const { keys } = parts.snapshots.current;
  const { acceptCreatedAfterMs } = parts.nonces;
  const prepared = scheme.prepare(exchange, keys, parts.clock.wallMs(), acceptCreatedAfterMs);
  exchange.stageMs[STAGE.verify] = parts.clock.monotonicMs() - startedMs;
  if (isProblem(prepared)) return prepared;
  const unfit = refuseScheme(scheme.name, prepared.entry);
  if (unfit !== undefined) return unfit;
  const stranger = refuseOtherApp(exchange.arrival, prepared.entry);
  if (stranger !== undefined) return stranger;
  const spent = refuseFailing(parts, exchange.arrival, prepared.entry);
  if (spent !== undefined) return spent;
  return new SignatureCheck(parts, exchange, scheme.name, prepared).start();
}

function recognise(
  schemes: readonly SignatureScheme[],
  carried: CarriedFields,
): SignatureScheme | undefined {
  for (const scheme of schemes) if (scheme.recognises(carried)) return scheme;
  return undefined;
}

/** RFC 9110 section 11.6.2 has one; with two it is open whose call it is. */
function refuseSeveral({ authorizations }: CarriedFields): Problem | undefined {
  if (authorizations <= 1) return undefined;
  return problem('malformed-request', 'The request carries more than one Authorization field.');
}

/** The front leaves this field to whoever reads it: it may be long, and an upstream's to read. */
function refuseAuthorization({ headers }: Arrival): Problem | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'authorization' && NOT_IN_A_VALUE.test(headers[i + 1]!)) {
      return problem('malformed-request', 'A header value holds bytes outside ASCII.');
    }
  }
  return undefined;
}

/**
 * A message without a signature is its session's, as long as the key of the handshake is good; any
 * other call without one is nobody's, and the route room knows which operations take it.
 */
function assignSession(parts: VerifyParts, exchange: Exchange): Problem | undefined {
  const { session } = exchange.arrival;
  if (session === undefined) return undefined;
  const { identity } = session;
  const { entry } = identity;
  const current = currentKey(parts.snapshots.current.keys, entry);
  if (current === undefined) return problem('key-unknown', 'The key of the session was withdrawn.');
  const refusal = refuseKey(current, parts.clock.wallMs());
  if (refusal !== undefined) return refusal;
  exchange.identity = current === entry ? identity : { ...identity, entry: current };
  return undefined;
}

/** A key signs in the ways that it is registered for: what one covers another may leave open. */
function refuseScheme(name: SignatureSchemeName, { key }: KeyEntry): Problem | undefined {
  if (key.schemes.includes(name)) return undefined;
  return problem('signature-scheme', `The key is not registered for the scheme ${name}.`);
}

/** A session speaks for one app: a message that another one signed has no place on it. */
function refuseOtherApp({ session }: Arrival, { app }: KeyEntry): Problem | undefined {
  if (session === undefined || session.identity.entry.app.id === app.id) return undefined;
  return problem('key-unknown', 'The key belongs to another app than the session.');
}

/**
 * What a signature covers as its authority is the caller's word until it is one of ours: without
 * this rule a call that was signed for another gateway would verify here under that one's Host. And
 * no upstream is told a host that is not ours, whoever calls.
 */
function refuseAuthority(
  own: ReadonlySet<string>,
  { authority, scheme }: Arrival,
): Problem | undefined {
  if (own.has(normaliseAuthority(authority, scheme))) return undefined;
  return problem('malformed-request', 'The Host field names an authority other than this gateway.');
}

/** Whose signatures have failed too often waits, before a worker has anything to do with it. */
function refuseFailing(
  { failures, counters }: VerifyParts,
  { peer }: Arrival,
  entry: KeyEntry,
): Problem | undefined {
  const waitMs = failures.waitMs(peer, entry.key.id);
  if (waitMs === 0) return undefined;
  counters.add('signatures_refused_failures');
  const detail = 'Too many signatures from this address did not verify, or were used before.';
  return problemAfter('signature-failures', detail, Math.ceil(waitMs / MS_PER_SECOND));
}

/** One check under way. An object with a method rather than a closure for each request. */
class SignatureCheck extends SubmittedCheck implements NonceClaimant {
  readonly entry: KeyEntry;
  readonly base: string;
  readonly bodyForm: BodyForm;
  readonly signature: Uint8Array;
  readonly digests: readonly BodyDigest[];
  private readonly parts: VerifyParts;
  private readonly scheme: SignatureSchemeName;
  private readonly freshness: Freshness;
  private readonly label: string | undefined;
  /** While other hosts are asked for the nonce: since when, on the monotonic clock, and whose. */
  private askedMs = 0;
  private asked: KeyEntry | undefined = undefined;

  constructor(
    parts: VerifyParts,
    exchange: Exchange,
    scheme: SignatureSchemeName,
    { entry, text, signature, freshness, label }: Candidate,
  ) {
    super(parts, exchange);
    this.entry = entry;
    this.base = text.base;
    this.bodyForm = text.bodyForm;
    this.signature = signature;
    this.digests = text.digests;
    this.parts = parts;
    this.scheme = scheme;
    this.freshness = freshness;
    this.label = label;
  }

  get prefersInline(): boolean {
    return this.parts.prefersInline;
  }

  /**
   * A body that the signature does not cover is not carried to a worker. Asked for anew each time,
   * so that a check in a queue holds no body longer than its exchange does.
   */
  get body(): Uint8Array {
    const isCovered = this.bodyForm !== 'none' || this.digests.length > 0;
    return isCovered && !this.abandoned ? this.exchange.body : EMPTY_BODY;
  }

  settleNonce(outcome: NonceOutcome): void {
    let refusal: Problem | undefined = problem('internal-error', 'The check did not end.');
    try {
      this.exchange.stageMs[STAGE.verify]! += this.parts.clock.monotonicMs() - this.askedMs;
      refusal = this.finish(this.asked!, this.refuseNonce(outcome));
    } finally {
      this.parts.resumptions.add(this.exchange, refusal);
    }
  }

  protected conclude(outcome: CheckOutcome): StepResult {
    // The nonce of a call that nobody carries out stays fresh, and the call may be sent again.
    if (this.abandoned) return refuseOutcome('failed');
    if (outcome !== 'valid') {
      if (FAILURES.has(outcome)) this.chargeFailure();
      return refuseOutcome(outcome);
    }
    const { clock, snapshots } = this.parts;
    const entry = currentKey(snapshots.current.keys, this.entry);
    if (entry === undefined) {
      return problem('key-unknown', 'The key was withdrawn while the signature was checked.');
    }
    const nowMs = clock.wallMs();
    const refusal = refuseKey(entry, nowMs) ?? this.claimNonce(entry, nowMs);
    return refusal === PENDING ? PENDING : this.finish(entry, refusal);
  }

  private finish(entry: KeyEntry, refusal: Problem | undefined): Problem | undefined {
    if (refusal !== undefined) {
      // A signature that is sent again and again costs a worker as much as one that is made up.
      if (refusal.name === 'signature-replayed') this.chargeFailure();
      return refusal;
    }
    this.parts.failures.prove(this.exchange.arrival.peer, entry.key.id);
    const { scheme, label: signatureLabel } = this;
    this.exchange.identity = { entry, scheme, viaSession: false, signatureLabel };
    return undefined;
  }

  private chargeFailure(): void {
    this.parts.failures.charge(this.exchange.arrival.peer, this.entry.key.id);
  }

  /**
   * Only a signature that verified spends its nonce, so nobody can spend another's. The window is
   * looked at again because the check may have waited: a nonce claimed after the store may forget
   * it, or made before what the store has lost meanwhile, would be fresh twice.
   */
  private claimNonce(entry: KeyEntry, nowMs: number): StepResult {
    const { nonces, clock } = this.parts;
    const { nonce, createdMs, expiresAtMs } = this.freshness;
    if (nowMs > expiresAtMs) {
      return problem('signature-expired', 'The signature became too old while it was checked.');
    }
    const { acceptCreatedAfterMs } = nonces;
    if (createdMs <= acceptCreatedAfterMs) return refuseUnknown(nowMs, acceptCreatedAfterMs);
    // `expiresAtMs` is the last millisecond at which a replay would pass; the store may forget
    // the nonce from the next one.
    const claim = nonces.claim(entry.app.id, nonce, expiresAtMs + 1, this);
    if (claim !== 'later') return this.refuseNonce(claim);
    this.askedMs = clock.monotonicMs();
    this.asked = entry;
    return PENDING;
  }

  private refuseNonce(outcome: NonceOutcome): Problem | undefined {
    const { counters } = this.parts;
    switch (outcome) {
      case 'fresh':
        return undefined;
      case 'seen':
        counters.add('nonces_replayed');
        return problem('signature-replayed', 'This app has used this nonce before.');
      case 'full':
        counters.add('nonces_store_full');
        return problem('nonce-store-full', 'No nonce can be remembered at the moment.');
      case 'unavailable':
        return problem('nonce-store-unavailable', 'No other host can be asked at the moment.');
    }
  }
}

function refuseOutcome(outcome: Exclude<CheckOutcome, 'valid'>): Problem {
  switch (outcome) {
    case 'signature-invalid':
      return problem(outcome, 'The signature does not verify with the registered key.');
    case 'digest-mismatch':
      return problem(outcome, 'The digest is not that of the body that arrived.');
    case 'verify-saturated':
      return problem(outcome, 'Too many signatures wait to be checked.');
    case 'failed':
      return problem('internal-error', 'The signature could not be checked.');
  }
}
