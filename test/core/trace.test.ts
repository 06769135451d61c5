import { describe, expect, it } from 'vitest';
import { TraceIds } from '../../src/core/trace.ts';

describe('request ids', () => {
  it('take over what is well formed', () => {
    expect(new TraceIds().requestId('order-2024.11_23~a')).toBe('order-2024.11_23~a');
  });

  it.each(['short', 'with space in it', 'x'.repeat(129), 'line\nbreak-in-it'])(
    'are made anew instead of %j',
    offered => {
      expect(new TraceIds().requestId(offered)).not.toBe(offered);
    },
  );

  it('never repeat', () => {
    const traces = new TraceIds();
    const made = new Set(Array.from({ length: 5_000 }, () => traces.requestId('')));
    expect(made.size).toBe(5_000);
    for (const id of made) expect(id).toMatch(/^[A-Za-z0-9._~-]{8,128}$/);
  });
});

describe('traceparent', () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';

  it('keeps the trace and its flags and puts a span of ours in', () => {
    const next = new TraceIds().traceparent(`00-${trace}-b7ad6b7169203331-01`);
    expect(next).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    expect(next).not.toContain('b7ad6b7169203331');
  });

  it.each([
    '',
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-b7ad6b7169203331-01`,
    `ff-${trace}-b7ad6b7169203331-01`,
    `00-${trace}-b7ad6b7169203331-01-more`,
  ])('starts a new trace instead of %j', offered => {
    const next = new TraceIds().traceparent(offered);
    expect(next).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(next).not.toContain(trace);
  });

  it('stays random when its pool of bytes is used up', () => {
    const traces = new TraceIds();
    const made = new Set(Array.from({ length: 2_000 }, () => traces.traceparent('')));
    expect(made.size).toBe(2_000);
  });
});
