import type { PayloadFormat } from '../payload-format.ts';
import { compileMessageType, type MessageType } from './message-type.ts';
import { readXml } from './xml-reader.ts';
import { writeXml } from './xml-writer.ts';

/**
 * The format of one kind of XML message. The payload is the content of the root element: an object
 * with a member per element, an array for each element that may repeat, text for the rest.
 */
export function xmlFormat(message: MessageType): PayloadFormat {
  const root = compileMessageType(message);
  return {
    mediaType: message.mediaType,
    read: (bytes, limits) => readXml(bytes, message, root, limits),
    write: payload => writeXml(payload, message, root),
  };
}
