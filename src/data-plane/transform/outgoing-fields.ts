/** The fields about a body and about what is accepted that an upstream gets. */
import type { Exchange } from '../../core/exchange.ts';
import type { PayloadRecord } from '../../core/snapshot.ts';

/** Of the caller's body, which goes on as it is. */
const ABOUT_BODY = ['content-type', 'content-encoding', 'content-digest', 'repr-digest', 'digest'];
/** Of what the caller takes, where the answer goes back as it is. */
const ABOUT_ANSWER = ['accept', 'accept-encoding', 'range', 'if-range'];

export function outgoingFields(
  exchange: Exchange,
  { requestType, answerType }: PayloadRecord,
): readonly string[] {
  const fields =
    requestType === undefined ? copied(exchange, ABOUT_BODY) : ['content-type', requestType];
  // What is converted comes whole and uncompressed.
  if (answerType === undefined) fields.push(...copied(exchange, ABOUT_ANSWER));
  else fields.push('accept', answerType, 'accept-encoding', 'identity');
  return fields;
}

function copied({ arrival }: Exchange, names: readonly string[]): string[] {
  const { headers } = arrival;
  const fields: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (names.includes(headers[i]!)) fields.push(headers[i]!, headers[i + 1]!);
  }
  return fields;
}
