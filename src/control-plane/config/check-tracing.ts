import type { Config } from '../../core/config.ts';
import { isSafeUrl } from '../tokens/fetch-jwks.ts';
import { displayName } from './config-error.ts';
import { readOperatorFile, SMALL_FILE_MAX_BYTES } from './operator-file.ts';

type Report = (option: readonly string[], message: string) => void;

const FIELDS_MAX = 32;
/** RFC 9110 section 5.6.2, and values without anything but visible ASCII and blanks. */
const FIELD =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}):[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/;
/** What the exporter itself says of the connection and the body. */
const RESERVED = new Set([
  ...['connection', 'content-encoding', 'content-length', 'content-type', 'expect', 'host'],
  ...['keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

/** What a schema cannot say of `telemetry.tracing`. */
export function checkTracing({ telemetry }: Config, report: Report): void {
  const { endpoint, headersFile } = telemetry.tracing;
  const option = ['telemetry', 'tracing'];
  if (endpoint !== undefined && !isSafeUrl(endpoint)) {
    report([...option, 'endpoint'], 'must be of https, or of http on loopback');
  }
  if (headersFile === undefined) return;
  if (endpoint === undefined) {
    report([...option, 'headersFile'], 'goes with telemetry.tracing.endpoint');
  }
  const { fault } = readTraceHeaders(headersFile);
  if (fault !== undefined) report([...option, 'headersFile'], fault);
}

export type TraceHeaders =
  | { readonly headers: Readonly<Record<string, string>>; readonly fault?: undefined }
  /** A verb phrase that repeats nothing of the file. */
  | { readonly headers?: undefined; readonly fault: string };

/** The header fields in a file: `name: value`, one a line; blank lines and `#` lines are none. */
export function readTraceHeaders(file: string): TraceHeaders {
  const { bytes, reason } = readOperatorFile(file, SMALL_FILE_MAX_BYTES);
  if (bytes === undefined) return { fault: `names ${displayName(file)}, which ${reason}` };
  const headers: Record<string, string> = {};
  for (const [index, text] of bytes.toString('utf8').split('\n').entries()) {
    const line = text.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, name, value] = FIELD.exec(line) ?? [];
    const place = `${displayName(file)} in line ${index + 1}`;
    if (name === undefined) return { fault: `names ${place}, which is no "name: value"` };
    const key = name.toLowerCase();
    if (RESERVED.has(key)) return { fault: `names ${place}, a field that the exporter sets` };
    if (Object.hasOwn(headers, key))
      return { fault: `names ${place}, a field for the second time` };
    headers[key] = value!;
  }
  const count = Object.keys(headers).length;
  return count > FIELDS_MAX ? { fault: `has more than ${FIELDS_MAX} header fields` } : { headers };
}
