/** HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530). */

import { normaliseAuthority } from '../../../core/authority.ts';
import type { BodyDigest } from '../../../core/check.ts';
import type { Config } from '../../../core/config.ts';
import { refuseKey } from '../../../core/key-status.ts';
import { type Problem, problem } from '../../../core/problems.ts';
import type { CompiledSnapshot } from '../../../core/snapshot.ts';
import type { CarriedFields } from '../carried-fields.ts';
import { combinedField } from '../field-lines.ts';
import {
  Candidate,
  isProblem,
  NO_DIGESTS,
  type SignatureScheme,
  type SignedCall,
} from '../scheme.ts';
import { lastAcceptedMs, refuseTime } from '../time-window.ts';
import { type ChosenSignature, chooseSignature } from './choose-signature.ts';
import { COVERS, ComponentList } from './component-list.ts';
import { readContentDigest } from './content-digest.ts';
import { SIGNATURE_FIELD_MAX_CHARS } from './limits.ts';
import { refuseCoverage } from './required-coverage.ts';
import { type RequiredParameters, requireParameters } from './required-parameters.ts';
import { buildSignatureBase, SignedRequest } from './signature-base.ts';
import { SignatureInputReader } from './signature-input.ts';
import { readSignature } from './signature-value.ts';

export class Rfc9421Scheme implements SignatureScheme {
  readonly name = 'rfc9421';
  private readonly config: Omit<Config['signatures'], 'nonceStore'>;
  private readonly inputs: SignatureInputReader;

  constructor(config: Omit<Config['signatures'], 'nonceStore'>) {
    this.config = config;
    this.inputs = new SignatureInputReader(config.componentsMax);
  }

  /** A Signature without it is draft-cavage’s, which says so where it is neither. */
  recognises({ hasSignatureInput }: CarriedFields): boolean {
    return hasSignatureInput;
  }

  prepare(
    call: SignedCall,
    keys: CompiledSnapshot['keys'],
    nowMs: number,
    acceptCreatedAfterMs: number,
  ): Candidate | Problem {
    const chosen = this.choose(call.arrival.headers, keys);
    if (isProblem(chosen)) return chosen;
    const inactive = refuseKey(chosen.entry, nowMs);
    if (inactive !== undefined) return inactive;
    const required = requireParameters(chosen.input.parameters, chosen.entry.key);
    if (isProblem(required)) return required;
    const { created, expires } = required;
    const lastMs = lastAcceptedMs(created, expires, this.config);
    const late = refuseTime(created, lastMs, nowMs, acceptCreatedAfterMs, this.config);
    if (late !== undefined) return late;
    return this.complete(call, chosen, required, lastMs);
  }

  private choose(
    headers: readonly string[],
    keys: CompiledSnapshot['keys'],
  ): ChosenSignature | Problem {
    const text = combinedField(headers, 'signature-input');
    if (text === undefined) return malformed('Signature comes without Signature-Input.');
    if (text.length > SIGNATURE_FIELD_MAX_CHARS) {
      return malformed(`Signature-Input is longer than ${SIGNATURE_FIELD_MAX_CHARS} characters.`);
    }
    const inputs = this.inputs.read(text);
    if (inputs === undefined) {
      return malformed('Signature-Input is not a well-formed dictionary of signatures.');
    }
    return chooseSignature(inputs, keys, this.config.labelsMax);
  }

  /** What costs more, for a signature whose key and times are in order. */
  private complete(
    { arrival, body }: SignedCall,
    { entry, input }: ChosenSignature,
    required: RequiredParameters,
    lastMs: number,
  ): Candidate | Problem {
    const { list, parameters } = input;
    if (!(list instanceof ComponentList)) return list;
    const uncovered = refuseCoverage(list.coverage, arrival.query, body.length > 0);
    if (uncovered !== undefined) return uncovered;
    const signature = readSignature(arrival.headers, input.label);
    if (isProblem(signature)) return signature;
    const digests = coveredDigests(arrival.headers, list.coverage);
    if (isProblem(digests)) return digests;
    const base = buildSignatureBase(asSigned(arrival), list, list.text + parameters.text);
    if (typeof base !== 'string') return base;
    const freshness = {
      nonce: required.nonce,
      createdMs: required.created * 1_000,
      expiresAtMs: lastMs,
    };
    const text = { base, bodyForm: 'none', digests } as const;
    return new Candidate(entry, text, signature, freshness, input.label);
  }
}

function asSigned(arrival: SignedCall['arrival']): SignedRequest {
  const { method, scheme, authority, path, query, headers } = arrival;
  const host = normaliseAuthority(authority, scheme);
  return new SignedRequest(method, scheme, host, path, query, headers);
}

/** The digests that the body must have: those of a Content-Digest that is covered at all. */
function coveredDigests(
  headers: readonly string[],
  coverage: number,
): readonly BodyDigest[] | Problem {
  if ((coverage & COVERS.contentDigestPart) === 0) return NO_DIGESTS;
  const text = combinedField(headers, 'content-digest');
  if (text !== undefined) return readContentDigest(text);
  return problem('digest-mismatch', 'Content-Digest is covered by the signature and missing.');
}

function malformed(detail: string): Problem {
  return problem('signature-malformed', detail);
}
