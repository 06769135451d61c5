import type { FieldCursor } from '../structured-fields/field-cursor.ts';
import { serializeParameters } from '../structured-fields/serialize-field.ts';
import type { BareItem } from '../structured-fields/values.ts';

/** The parameters of one signature (RFC 9421 section 2.3); undefined where not written. */
export class SignatureParameters {
  /** Seconds since the epoch. */
  created: number | undefined = undefined;
  /** Seconds since the epoch. */
  expires: number | undefined = undefined;
  nonce: string | undefined = undefined;
  alg: string | undefined = undefined;
  keyid: string | undefined = undefined;
  tag: string | undefined = undefined;
  /** The strict serialisation, in the order in which they were written. */
  text = '';
  /** What is wrong with them, for the label that is used; '' where nothing is. */
  fault = '';
}

/**
 * Reads the parameters behind a component list. Undefined where they are not well formed; a
 * parameter that is unknown or of the wrong type is a `fault`, which only the label that is
 * used has to answer for.
 */
export function readSignatureParameters(cursor: FieldCursor): SignatureParameters | undefined {
  const parameters = new SignatureParameters();
  const from = cursor.at;
  cursor.canonical = true;
  while (cursor.nextParameter()) {
    const key = cursor.readKey();
    if (key === undefined) return undefined;
    const value = cursor.readParameterValue();
    if (value === undefined) return undefined;
    if (!assign(parameters, key, value)) {
      parameters.fault = 'A signature parameter is unknown, written twice or of the wrong type.';
    }
  }
  if (cursor.canonical) {
    parameters.text = cursor.text.slice(from, cursor.at);
    return parameters;
  }
  cursor.at = from;
  const generic = cursor.readParameters();
  if (generic === undefined) return undefined;
  parameters.text = serializeParameters(generic);
  return parameters;
}

function assign(parameters: SignatureParameters, key: string, { type, value }: BareItem): boolean {
  switch (key) {
    case 'created':
    case 'expires':
      if (type !== 'integer' || (value as number) < 0 || parameters[key] !== undefined)
        return false;
      parameters[key] = value as number;
      return true;
    case 'nonce':
    case 'alg':
    case 'keyid':
    case 'tag':
      if (type !== 'string' || parameters[key] !== undefined) return false;
      parameters[key] = value as string;
      return true;
    default:
      return false;
  }
}
