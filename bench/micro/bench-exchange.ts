import {
  type AnswerSink,
  type Arrival,
  Exchange,
  type ExchangeDriver,
} from '../../src/core/exchange.ts';
import type { CompiledSnapshot } from '../../src/core/snapshot.ts';

const DRIVER: ExchangeDriver = { resume() {}, complete() {} };
const TRANSPORT = { handle: undefined, sink: {} as AnswerSink };

/** An exchange that nobody answers: a GET without header fields unless told otherwise. */
export function benchExchange(arrival: Partial<Arrival>): Exchange {
  return new Exchange(
    {
      requestId: 'request-1',
      traceparent: '',
      method: 'GET',
      path: '/accounts/v1/accounts',
      query: '',
      scheme: 'http',
      authority: 'bank.example:8080',
      headers: [],
      peer: '127.0.0.1',
      clientCertificate: undefined,
      arrivedMs: 0,
      session: undefined,
      snapshot: {} as CompiledSnapshot,
      ...arrival,
    },
    TRANSPORT,
    DRIVER,
  );
}
