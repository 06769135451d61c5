import { type Call, call, type TestKey } from '../signed-call.ts';
import { type Header, signJws, withField } from './jws-call.ts';

export const BODY = Buffer.from('{"amount":"12.50","to":"acc-2"}');
export const POST = call({
  method: 'POST',
  path: '/transfers/v1/transfers',
  query: '?a=1&b=2',
  body: BODY,
});
export const GET = call({ query: '?limit=10' });

export const MALFORMED = 'signature-malformed';
export const INVALID = 'signature-invalid';
export const ALGORITHM = 'signature-algorithm';
export const COVERAGE = 'signature-coverage';
export const EXPIRED = 'signature-expired';
export const REPLAYED = 'signature-replayed';

export interface Wrong {
  readonly name: string;
  readonly call: Call;
  readonly code: string;
  /** What is accepted before it. */
  readonly first?: Call;
}

/** Signed by the key, with other members in its header. */
export function wrong(name: string, key: TestKey, changes: Header, code: string): Wrong {
  return { name, call: signJws(POST, key, changes), code };
}

export function field(name: string, value: string, code: string): Wrong {
  return { name, call: withField(POST, value), code };
}
