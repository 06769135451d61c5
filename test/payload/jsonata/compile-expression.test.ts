import { createHook } from 'node:async_hooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasBackslashName } from '../../../src/core/backslash-names.ts';
import {
  compileExpression,
  EXPRESSION_MAX_CHARS,
  type ExpressionLimits,
  expressionFault,
} from '../../../src/payload/jsonata/index.ts';
import { type JsonValue, PayloadFault } from '../../../src/payload/payload-fault.ts';

const LIMITS = { timeoutMs: 1_000, depthMax: 300, itemsMax: 1_000, resultMaxBytes: 10_000 };

function evaluate(text: string, payload: JsonValue, limits: Partial<ExpressionLimits> = {}) {
  expect(expressionFault(text)).toBeUndefined();
  return compileExpression(text)(payload, { ...LIMITS, ...limits });
}

function faultOf(text: string, payload: JsonValue = {}, limits: Partial<ExpressionLimits> = {}) {
  try {
    return { result: evaluate(text, payload, limits) };
  } catch (error) {
    if (!(error instanceof PayloadFault)) throw error;
    expect(error.pointer).toBe('');
    return error.message;
  }
}

describe('an expression', () => {
  it('makes one payload of another', () => {
    const payload = { items: [{ price: 2, count: 3 }, { price: 5 }], id: 'x' };
    expect(
      evaluate('{ "ref": "P-" & id, "sum": $sum(items.price), "first": items[0].count }', payload),
    ).toEqual({ ref: 'P-x', sum: 7, first: 3 });
  });

  it('leaves the payload as it was', () => {
    const payload = { a: [{ b: 1 }] };
    evaluate('$ ~> |a|{"b": 2}|', payload);
    expect(payload).toEqual({ a: [{ b: 1 }] });
  });

  it('is evaluated by itself each time, also after one that was broken off', () => {
    const doubled = compileExpression('a * 2');
    const slow = compileExpression('$match(s, /^(a+)+$/)');
    expect(doubled({ a: 2 }, LIMITS)).toBe(4);
    const hostile = { s: `${'a'.repeat(40)}!` };
    expect(() => slow(hostile, { ...LIMITS, timeoutMs: 5 })).toThrow(PayloadFault);
    expect(doubled({ a: 3 }, LIMITS)).toBe(6);
    expect(slow({ s: 'aa' }, LIMITS)).toMatchObject({ match: 'aa' });
  });

  it('gives any payload back as it is', () => {
    const same = compileExpression('$');
    const large = { ...LIMITS, itemsMax: 100_000, resultMaxBytes: 10_000_000 };
    const texts = fc.json({ maxDepth: 4 }).filter(text => !hasBackslashName(text));
    fc.assert(
      fc.property(texts, text => {
        expect(JSON.stringify(same(JSON.parse(text), large))).toBe(
          JSON.stringify(JSON.parse(text)),
        );
      }),
    );
  });

  it('has no names with a backslash, neither before nor after', () => {
    expect(faultOf('a', { a: { 'b\\': 1 } })).toContain('backslash');
    expect(faultOf('{ "a\\\\": 1 }')).toContain('backslash');
    expect(evaluate('{ "a": b }', { b: '\\' })).toEqual({ a: '\\' });
  });

  it('takes no member of a payload for a function', () => {
    const body = { type: 'regex', value: '^(a+)+$' };
    for (const mark of ['_jsonata_lambda', '_jsonata_function']) {
      const payload = { f: { [mark]: true, arguments: [], environment: {}, body }, s: 'aa' };
      expect(faultOf('f(s)', payload)).toContain('function');
      expect(evaluate('s', { s: `"${mark}":` })).toBe(`"${mark}":`);
    }
  });

  it('gives a result or a fault whatever the payload', () => {
    const texts = ['a.b', 'a + b', '$merge([a, b])', '$.*.a', '**', 'a.b^(a)', '$string(a) & b'];
    const expressions = texts.map(compileExpression);
    const key = fc.constantFrom(
      'a',
      'b',
      '__proto__',
      'constructor',
      'sequence',
      '_jsonata_lambda',
    );
    const payloads = fc.dictionary(
      key,
      fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue())),
    );
    fc.assert(
      fc.property(payloads, fc.nat(texts.length - 1), (payload, which) => {
        try {
          expect(expressions[which]!(payload as JsonValue, LIMITS)).toBeDefined();
        } catch (error) {
          if (!(error instanceof PayloadFault)) throw error;
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
    );
  });
});

describe('the limits of an expression', () => {
  it.each([
    ['an endless loop', '($f := function($n) { $f($n + 1) }; $f(0))'],
    ['a regular expression that backtracks', '$match(s, /^(a+)+$/)'],
    ['one in the place of a word', '$replace(s, /(a|aa)+$/, "")'],
    ['a comparison of everything with everything', '$distinct([1..9000].{"a": $})'],
    ['a function that another calls', '$reduce([1..9000], $append) ~> $sort'],
  ])('end %s in time', (_what, text) => {
    const started = performance.now();
    const limits = { timeoutMs: 3, itemsMax: 10_000 };
    const fault = faultOf(text, { s: `${'a'.repeat(60)}!` }, limits);
    expect(fault).toBe('takes the expression too long');
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it.each([
    ['depth', '($f := function($n) { 1 + $f($n + 1) }; $f(0))', 'too deep'],
    ['length of a range', '[1..1001]', 'long a list'],
    ['length of a list', '[1..900] ~> $append([1..900])', 'long a list'],
    ['length of a sequence', '($a := [1..100]; $a.($a.$))', 'long a list'],
    ['length of padding', '$pad("", 999999999)', 'too large'],
    ['text', '($f := function($s) { $f($s & $s) }; $f("ab"))', 'too large'],
    ['result', '{"a": [1..900], "b": [1..900], "c": [1..900], "d": [1..900]}', 'too large'],
    ['result beyond ASCII', '$pad("", 4000, "漢")', 'too large'],
  ])('bound the %s', (_what, text, reason) => {
    expect(faultOf(text)).toContain(reason);
  });

  it('bound a result that holds the same part many times', () => {
    const text = `($a := [1, 1]; ${'$a := [[$a], [$a], [$a]]; '.repeat(20)} $a)`;
    expect(faultOf(text)).toContain('too large');
  });

  it('bound a text that is joined before it is made', () => {
    const payload = { lines: Array.from({ length: 900 }, () => 'x'), between: 'y'.repeat(500_000) };
    const begun = performance.now();
    expect(faultOf('$join(lines, between)', payload)).toBe(
      'makes the expression build too large a value',
    );
    // Made first, it would have 450 million characters.
    expect(performance.now() - begun).toBeLessThan(300);
    expect(evaluate('$join(a, "-") & $join(b)', { a: ['1', '2'], b: 'z' })).toBe('1-2z');
  });

  it('bound the depth of payload and result', () => {
    let deep: JsonValue = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(faultOf('a', deep)).toContain('nested too deep');
    let medium: JsonValue = 1;
    for (let level = 0; level < 100; level++) medium = { a: medium };
    expect(faultOf('a', medium)).toContain('nested too deep');
  });

  it('are not to be switched off by the expression', () => {
    const text = '($__evaluate_entry := false; $__evaluate_exit := false; $pad("", 99999))';
    expect(faultOf(text)).toContain('too large');
  });

  it('leave the process alone where async hooks are on, without the watch', () => {
    const hook = createHook({ before: () => undefined }).enable();
    try {
      const limits = { timeoutMs: 1, itemsMax: 10_000 };
      const slow = '$count($sort([1..2000]))';
      expect(evaluate(slow, {}, limits)).toBe(2_000);
    } finally {
      hook.disable();
    }
  });
});

describe('faults of an expression', () => {
  it.each([
    ['nothing', 'a'],
    ['a function', '$sum'],
    ['a function inside', '{"a": [function($x) { $x }]}'],
    ['no JSON number', '{"a": 1 / 0}'],
    ['a wrong type', '$ & 1 + "SECRET"'],
    ['$error', '$error(s)'],
    ['$assert', '$assert(false, s)'],
    ['what base64 cannot say', '$base64encode(s & "漢")'],
    ['what a URL cannot say', '$decodeUrl("%" & s)'],
    ['a date that is none', '$toMillis(s)'],
    ['a number that is none', '$number(s)'],
    ['an unknown function', '$nothing(s)'],
    ['an empty match', '$match(s, /x*/)'],
  ])('for %s repeat nothing of the payload', (_what, text) => {
    const fault = faultOf(text, { s: 'SECRET' });
    expect(fault).toEqual(expect.any(String));
    expect(fault).not.toContain('SECRET');
  });
});

describe('the check of an expression', () => {
  it.each([
    ['an unfinished path', 'a.', 'character 2'],
    ['a wrong regular expression', '$match(a, /(/)', 'JSONata'],
    ['$eval', '$eval(a)', '$eval'],
    ['$eval by another name', '($f := $eval; $f(a))', '$eval'],
    ['$eval in a predicate', 'a.b[$eval(c)]', '$eval'],
    ['its length', ' '.repeat(EXPRESSION_MAX_CHARS + 1), 'at most'],
    ['its depth', `${'['.repeat(8_000)}${']'.repeat(8_000)}`, 'too deep'],
    ['its depth, still parsed', `${'[1,'.repeat(600)}1${']'.repeat(600)}`, 'too deep'],
  ])('finds what is wrong with %s', (_what, text, reason) => {
    expect(expressionFault(text)).toContain(reason);
  });

  it('finds nothing in one that is right', () => {
    expect(expressionFault('{ "a": evaluation.eval, "b": $uppercase(`$eval`) }')).toBeUndefined();
  });
});
