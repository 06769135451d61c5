/** In what a call's body is, and in what its answer is to be. */
import type { Exchange } from '../../core/exchange.ts';
import { listOf } from '../../core/field-of.ts';
import { type Problem, problem } from '../../core/problems.ts';
import { type ContentCoding, parseContentEncoding } from '../../payload/codings/index.ts';
import { FORMATS, formatOf, negotiateFormat } from '../../payload/formats/index.ts';
import { PayloadFault } from '../../payload/payload-fault.ts';
import type { PartnerFormat } from '../../payload/payload-task.ts';

const JSON_TYPE = FORMATS.json!.mediaType;
const MSGPACK_TYPE = FORMATS.msgpack!.mediaType;
/** The preferred one first. */
const OFFERED = [JSON_TYPE, MSGPACK_TYPE];
/** RFC 6839 section 3.1. */
const JSON_SUFFIX = '+json';
const NO_CODINGS: readonly ContentCoding[] = [];

export function mediaTypeOf(format: PartnerFormat): string {
  return format === 'json' ? JSON_TYPE : MSGPACK_TYPE;
}

/** RFC 7515 section 9.2.1; for envelopes with SM2 too. */
export const ENVELOPE_TYPE = 'application/jose';

/** Of the body of a call; the messages of a session need not say what they all are. */
export function requestFormat(exchange: Exchange, isEnvelope: boolean): PartnerFormat | Problem {
  const contentType = exchange.header('content-type');
  if (isEnvelope) {
    // What is in it is JSON.
    if (formatOf(contentType) === ENVELOPE_TYPE) return 'json';
    return problem('payload-media-type', `The operation takes ${ENVELOPE_TYPE}.`);
  }
  if (contentType === JSON_TYPE) return 'json';
  if (contentType === undefined && exchange.arrival.session !== undefined) return 'json';
  const type = formatOf(contentType);
  if (type === MSGPACK_TYPE) return 'msgpack';
  if (type === JSON_TYPE || type?.endsWith(JSON_SUFFIX)) return 'json';
  return problem('payload-media-type', `The operation takes ${OFFERED.join(' and ')} in UTF-8.`);
}

/** What the caller takes best; a session puts the answer into its own messages. */
export function answerFormat(exchange: Exchange, isEnvelope: boolean): PartnerFormat | Problem {
  const accept = listOf(exchange.arrival.headers, 'accept');
  if (isEnvelope) return envelopeFormat(accept);
  if (accept === undefined || accept === JSON_TYPE || exchange.arrival.session !== undefined) {
    return 'json';
  }
  const type = negotiateFormat(accept, OFFERED);
  if (type === undefined) {
    return problem('not-acceptable', `The operation answers in ${OFFERED.join(' or ')}.`);
  }
  return type === JSON_TYPE ? 'json' : 'msgpack';
}

/** What is in an envelope is JSON. */
function envelopeFormat(accept: string | undefined): PartnerFormat | Problem {
  if (negotiateFormat(accept, [ENVELOPE_TYPE]) !== undefined) return 'json';
  return problem('not-acceptable', `The operation answers in ${ENVELOPE_TYPE}.`);
}

/** Those of a Content-Encoding field; undefined where one of them is not served. */
export function codingsOf(field: string | undefined): readonly ContentCoding[] | undefined {
  if (field === undefined) return NO_CODINGS;
  try {
    return parseContentEncoding(field);
  } catch (error) {
    if (error instanceof PayloadFault) return undefined;
    throw error;
  }
}

/** RFC 9110 section 15.5.16: with what is served. */
export function codingRefused(): Problem {
  const detail = 'The operation takes the content codings gzip, br and zstd, at most two.';
  return problem('payload-media-type', detail, ['accept-encoding', 'gzip, br, zstd']);
}
