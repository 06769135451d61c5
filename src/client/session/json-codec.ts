/** `xingyun.v1+json`: text frames with JSON. */
import { decodeBase64, encodeBase64 } from '../base64.ts';
import {
  type Codec,
  type EventData,
  type IncomingMessage,
  type OutgoingMessage,
  readMessages,
  type ShownBody,
} from './codec.ts';

export class JsonCodec implements Codec {
  readonly subprotocol = 'xingyun.v1+json';

  /** The text of the body goes into the message as it is: its digest is over this text. */
  encode({ id, method, params, body }: OutgoingMessage): string {
    const start = id === undefined ? '' : `"id":${id},`;
    let text = JSON.stringify(params);
    if (body !== undefined) {
      const member =
        typeof body === 'string' ? `"body":${body}` : `"bodyBase64":"${encodeBase64(body)}"`;
      text = text === '{}' ? `{${member}}` : `${text.slice(0, -1)},${member}}`;
    }
    return `{"jsonrpc":"2.0",${start}"method":${JSON.stringify(method)},"params":${text}}`;
  }

  encodeBatch(messages: readonly OutgoingMessage[]): string {
    return `[${messages.map(message => this.encode(message)).join(',')}]`;
  }

  decode(data: string | Uint8Array): IncomingMessage[] {
    if (typeof data !== 'string') throw new Error('a binary frame on a JSON session');
    return readMessages(JSON.parse(data));
  }

  readBody(holder: Readonly<Record<string, unknown>>): ShownBody {
    const { body, bodyBase64 } = holder;
    if (typeof bodyBase64 !== 'string') return { body, bytes: undefined };
    return { body: decodeBase64(bodyBase64), bytes: undefined };
  }

  readEventData(data: unknown): EventData {
    return { data, bytes: undefined };
  }
}
