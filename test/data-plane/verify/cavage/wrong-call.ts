import { type Call, call } from '../signed-call.ts';

export const BODY = Buffer.from('{"amount":"12.50","to":"acc-2"}');
export const POST = call({
  method: 'POST',
  path: '/transfers/v1/transfers',
  query: '?a=1',
  body: BODY,
});
export const GET = call({ query: '?limit=10' });

export interface Wrong {
  readonly name: string;
  readonly call: Call;
  readonly code: string;
  /** What is accepted before it. */
  readonly first?: Call;
}
