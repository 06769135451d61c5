import { describe, expect, it } from 'vitest';
import type { Arrival } from '../../../src/core/exchange.ts';
import { requestHead } from '../../../src/data-plane/upstream/request-head.ts';
import { anExchange, identified } from '../../support/exchanges.ts';

function headOf(overrides: Partial<Arrival>, body = new Uint8Array()): string[] {
  const exchange = identified(anExchange(overrides));
  exchange.body = body;
  const head = requestHead(exchange, 'bank.internal:9000');
  expect(head.endsWith('\r\n\r\n')).toBe(true);
  return head.slice(0, -4).split('\r\n');
}

describe('the head that an upstream gets', () => {
  it('starts with the canonical target and the upstream as host', () => {
    const lines = headOf({ path: '/a/b', query: '?x=1' });
    expect(lines[0]).toBe('GET /a/b?x=1 HTTP/1.1');
    expect(lines.filter(line => /^host:/i.test(line))).toEqual(['host: bank.internal:9000']);
  });

  it('never takes identity, forwarding or trace fields from outside', () => {
    const forged = [
      ...['x-xingyun-app', 'admin', 'x-xingyun-partner', 'bank', 'x-xingyun-anything', '1'],
      ...['x-forwarded-for', '10.0.0.1', 'forwarded', 'for=10.0.0.1', 'x-forwarded-port', '1'],
      ...['x-request-id', 'forged-request-id', 'traceparent', 'forged'],
    ];
    const text = headOf({ headers: ['host', 'h', ...forged] }).join('\n');
    expect(text).not.toMatch(/admin|10\.0\.0\.1|forged|x-xingyun-anything|x-forwarded-port/);
    expect(text).toContain('x-xingyun-app: app-1');
    expect(text).toContain('x-xingyun-partner: partner-1');
    expect(text).toContain('x-forwarded-for: 192.0.2.7');
    expect(text).toContain('forwarded: for=192.0.2.7;host="bank.example:8080";proto=http');
    expect(text).toContain('x-request-id: test-request-1');
  });

  it('says of a call without identity that it has none, whatever the caller claims', () => {
    const headers = ['host', 'h', 'x-xingyun-app', 'admin', 'x-xingyun-partner', 'bank'];
    const head = requestHead(anExchange({ headers }), 'bank.internal:9000');
    expect(head).toContain('x-request-id: test-request-1');
    expect(head).not.toMatch(/x-xingyun-/);
  });

  it('drops hop-by-hop fields and the signature', () => {
    const headers = [
      ...['host', 'h', 'connection', 'keep-alive, TE', 'keep-alive', 'timeout=5'],
      ...[
        'te',
        'trailers',
        'upgrade',
        'h2c',
        'proxy-authorization',
        'Basic abc',
        'expect',
        '100-continue',
      ],
      ...['signature', 's=:AA==:', 'signature-input', 's=()', 'accept', 'application/json'],
      ...['transfer-encoding', 'chunked', 'tracestate', 'a=b'],
    ];
    const names = headOf({ headers })
      .slice(1)
      .map(line => line.split(':')[0]);
    expect(names).toContain('accept');
    expect(names).toContain('tracestate');
    for (const gone of ['connection', 'keep-alive', 'te', 'upgrade', 'signature', 'expect']) {
      expect(names).not.toContain(gone);
    }
    expect(names).not.toContain('proxy-authorization');
    expect(names).not.toContain('signature-input');
    expect(names).not.toContain('transfer-encoding');
  });

  it('frames the body by the bytes that arrived', () => {
    const headers = ['host', 'h', 'content-length', '999'];
    expect(headOf({ method: 'POST', headers }, new Uint8Array(5))).toContain('content-length: 5');
    expect(headOf({ method: 'POST', headers: ['host', 'h'] })).toContain('content-length: 0');
    expect(headOf({ headers: ['host', 'h'] }).join()).not.toContain('content-length');
  });

  it('appends itself to Via', () => {
    const twice = headOf({ headers: ['host', 'h', 'via', '1.0 a', 'via', '1.1 b'] });
    expect(twice).toContain('via: 1.0 a, 1.1 b, 1.1 xingyun');
    expect(headOf({ headers: ['host', 'h', 'via', '1.0 fred'] })).toContain(
      'via: 1.0 fred, 1.1 xingyun',
    );
    expect(headOf({})).toContain('via: 1.1 xingyun');
  });

  it('quotes an IPv6 peer as RFC 7239 asks', () => {
    const text = headOf({ peer: '2001:db8::1' }).join('\n');
    expect(text).toContain('for="[2001:db8::1]"');
    expect(text).toContain('x-forwarded-for: 2001:db8::1');
  });
});
