/** docs/asyncapi.yaml as data, and its messages as checks of real ones. */
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { Unpackr } from 'msgpackr';
import { parse } from 'yaml';

export const DOCUMENT_TEXT = readFileSync(
  new URL('../../docs/asyncapi.yaml', import.meta.url),
  'utf8',
);

export interface Reference {
  readonly $ref: string;
}

export interface MessageObject {
  readonly contentType?: string;
  readonly payload: Reference;
  readonly examples?: readonly { readonly name: string; readonly payload: unknown }[];
  /** Whole frames in base64, by name. */
  readonly 'x-frames'?: Readonly<Record<string, string>>;
}

export interface ChannelObject {
  readonly address: string;
  readonly description: string;
  readonly messages: Readonly<Record<string, Reference>>;
  readonly 'x-handshake-problems': readonly string[];
  readonly bindings: {
    readonly ws: {
      readonly headers: {
        readonly properties: Readonly<Record<string, { readonly pattern?: string }>>;
      };
    };
  };
}

export interface OperationObject {
  readonly action: 'send' | 'receive';
  readonly channel: Reference;
  readonly messages: readonly Reference[];
  readonly reply?: { readonly messages: readonly Reference[] };
}

interface AsyncApiDocument {
  readonly servers: Readonly<
    Record<string, { variables: { authority: { readonly default: string } } }>
  >;
  readonly channels: Readonly<Record<ChannelName, ChannelObject>>;
  readonly operations: Readonly<Record<string, OperationObject>>;
  readonly components: {
    readonly messages: Readonly<Record<string, MessageObject>>;
    // biome-ignore lint/suspicious/noExplicitAny: JSON Schema, of which a test asks one path.
    readonly schemas: Readonly<Record<string, any>>;
  };
}

export type ChannelName = 'jsonSession' | 'msgpackSession';

export const DOCUMENT = parse(DOCUMENT_TEXT) as AsyncApiDocument;

// Not strict, because the document holds what AsyncAPI adds around its schemas.
const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addKeyword({
  keyword: 'x-msgpack-type',
  schemaType: 'string',
  validate: (_type: string, data: unknown) => data instanceof Uint8Array,
});
ajv.addSchema(DOCUMENT, 'asyncapi', false, false);

/** The last member of a reference. */
export function nameOf({ $ref }: Reference): string {
  return $ref.slice($ref.lastIndexOf('/') + 1);
}

const compiled = new Map<string, ValidateFunction>();

/** What is wrong with the payload of a message of components; undefined where it is valid. */
export function invalidity(message: string, payload: unknown): string | undefined {
  let validate = compiled.get(message);
  if (validate === undefined) {
    validate = ajv.compile({ $ref: `asyncapi#/components/messages/${message}/payload` });
    compiled.set(message, validate);
  }
  return validate(payload) ? undefined : ajv.errorsText(validate.errors);
}

/** The messages of the channel that the payload is, by their names there; one if all is well. */
export function matching(channel: ChannelName, payload: unknown): string[] {
  return Object.entries(DOCUMENT.channels[channel].messages)
    .filter(([, message]) => invalidity(nameOf(message), payload) === undefined)
    .map(([name]) => name);
}

const unpackr = new Unpackr({ useRecords: false });

export function unpack(frame: Uint8Array): unknown {
  return unpackr.unpack(frame);
}
