/** The fields of an answer's signature (RFC 9421 section 4), in the form that the bank writes. */
import { ANSWER_LABEL } from '../../core/answer-signing.ts';
import { AnswerSignatureError } from './answer-error.ts';

/** `"name"`, `"name";req` or `"signature";req;key="label"`. */
const COMPONENT = '"[@a-z][a-z0-9-]*"(?:;req(?:;key="[a-z*][a-z0-9_.*-]*")?)?';
const INPUT = new RegExp(
  `^${ANSWER_LABEL}=(\\((${COMPONENT}(?: ${COMPONENT})*)\\)` +
    ';created=([0-9]{1,12});keyid="([A-Za-z0-9._-]{1,128})";alg="([a-z0-9_-]{1,32})")$',
);
const VALUE = new RegExp(`^${ANSWER_LABEL}=:([A-Za-z0-9+/]{4,2048}={0,2}):$`);

export interface AnswerSignature {
  /** Each as it stands in the list. */
  readonly components: readonly string[];
  /** What `@signature-params` has. */
  readonly parameters: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly keyId: string;
  readonly algorithm: string;
  readonly value: Uint8Array;
}

/** @throws AnswerSignatureError answer-unsigned, answer-signature-malformed */
export function readAnswerSignature(headers: Headers): AnswerSignature {
  const [input, signature] = [headers.get('signature-input'), headers.get('signature')];
  if (input === null && signature === null) throw new AnswerSignatureError('answer-unsigned');
  const match = INPUT.exec(input ?? '');
  const encoded = VALUE.exec(signature ?? '');
  if (match === null || encoded === null) {
    throw new AnswerSignatureError('answer-signature-malformed');
  }
  const [, parameters, list, created, keyId, algorithm] = match;
  const components = list!.split(' ');
  if (new Set(components).size < components.length) {
    throw new AnswerSignatureError('answer-signature-malformed');
  }
  return {
    ...{ components, parameters: parameters!, created: Number(created) },
    ...{ keyId: keyId!, algorithm: algorithm!, value: Buffer.from(encoded[1]!, 'base64') },
  };
}
