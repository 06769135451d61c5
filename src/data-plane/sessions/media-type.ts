/** What a Content-Type says of a body, read once for each value that upstreams send. */
export interface MediaType {
  readonly isJson: boolean;
  /** `application/json` itself, with or without parameters. */
  readonly isPlainJson: boolean;
  readonly isProblem: boolean;
  readonly isText: boolean;
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json *(?:;|$)/i;
/** RFC 8259 section 11 defines no parameter for it, so that one says nothing. */
const PLAIN_JSON_TYPE = /^application\/json *(?:;|$)/i;
const PROBLEM_TYPE = /^application\/problem\+json *(?:;|$)/i;
const TEXT_TYPE = /^(?:text\/|application\/(?:[\w.-]+\+)?xml *(?:;|$))/i;
/** Upstreams send a handful; whoever makes them up is read anew. */
const KNOWN_MAX = 256;

const known = new Map<string, MediaType>();

/** `type` is the field's value, '' where there is none. */
export function mediaType(type: string): MediaType {
  const found = known.get(type);
  if (found !== undefined) return found;
  const read: MediaType = {
    isJson: JSON_TYPE.test(type),
    isPlainJson: PLAIN_JSON_TYPE.test(type),
    isProblem: PROBLEM_TYPE.test(type),
    isText: TEXT_TYPE.test(type),
  };
  if (known.size < KNOWN_MAX) known.set(type, read);
  return read;
}
