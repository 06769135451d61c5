import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ComponentList } from '../../../../src/data-plane/verify/rfc9421/component-list.ts';
import { SIGNATURE_BASE_MAX_CHARS } from '../../../../src/data-plane/verify/rfc9421/limits.ts';
import { QueryParameters } from '../../../../src/data-plane/verify/rfc9421/query-parameters.ts';
import {
  buildSignatureBase,
  SignedRequest,
} from '../../../../src/data-plane/verify/rfc9421/signature-base.ts';
import { SignatureInputReader } from '../../../../src/data-plane/verify/rfc9421/signature-input.ts';
import { FieldCursor } from '../../../../src/data-plane/verify/structured-fields/field-cursor.ts';

const HEADERS = [
  ['date', 'Tue, 20 Apr 2021 02:07:56 GMT'],
  ['cache-control', 'max-age=60'],
  ['cache-control', '\t must-revalidate '],
  ['x-empty', ''],
  ['example-dict', ' a=1,    b=2;x=1;y=2'],
  ['example-dict', 'c=(a   b    c), d'],
  ['example-header', 'value, with, lots'],
  ['example-header', 'of, commas'],
  ['priority', 'u=1,   i=?1'],
  ['x-tab', 'a\tb'],
  ['x-latin', 'caf\u00e9'],
  ['x-newline', 'a\n"@method": GET'],
  ['x-space', 'end\u00a0'],
].flat();

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

interface Changes {
  path: string;
  query: string;
  headers: string[];
}

function base(list: string, changes: Partial<Changes> = {}) {
  const [input] = new SignatureInputReader(64).read(`sig=${list};keyid="k"`) ?? [];
  if (input === undefined) return 'not well formed';
  if (!(input.list instanceof ComponentList)) return input.list.name;
  const { path = '/parameters', query = '', headers = HEADERS } = changes;
  const request = new SignedRequest('GET', 'https', 'www.example.com', path, query, headers);
  const built = buildSignatureBase(request, input.list, input.list.text + input.parameters.text);
  return typeof built === 'string' ? built : built.name;
}

/** The lines above @signature-params. */
function lines(list: string, changes?: Parameters<typeof base>[1]): string[] {
  return base(list, changes).split('\n').slice(0, -1);
}

describe('derived components (RFC 9421 section 2.2)', () => {
  it('gives each its value', () => {
    const all =
      '("@method" "@target-uri" "@authority" "@scheme" "@request-target" "@path" "@query")';
    expect(lines(all, { path: '/path', query: '?param=value' })).toEqual([
      '"@method": GET',
      '"@target-uri": https://www.example.com/path?param=value',
      '"@authority": www.example.com',
      '"@scheme": https',
      '"@request-target": /path?param=value',
      '"@path": /path',
      '"@query": ?param=value',
    ]);
  });

  it('takes an empty path for / and an absent query for ?', () => {
    expect(lines('("@path" "@query" "@target-uri")', { path: '' })).toEqual([
      '"@path": /',
      '"@query": ?',
      '"@target-uri": https://www.example.com/',
    ]);
    expect(lines('("@query")', { query: '?' })).toEqual(['"@query": ?']);
  });
});

describe('what a request signature cannot cover', () => {
  it.each([
    ['("@status")', 'a response has it'],
    ['("@signature-params")', 'it is not covered but added'],
    ['("@unknown")', 'nobody knows it'],
    ['("@method";req)', 'only a response refers to its request'],
    ['("@method";sf)', 'it is no field'],
    ['("@path";name="a")', 'only @query-param has a name'],
    ['("@query-param")', 'its name is missing'],
    ['("@query-param";name=a)', 'its name is not a string'],
    ['("@method" "@method")', 'it occurs twice'],
    ['("@query-param";name="a" "@query-param";name="a")', 'the same name occurs twice'],
    ['("date" "date")', 'a field occurs twice'],
    ['("example-dict";key="a";sf "example-dict";sf;key="a")', 'order of parameters hides a double'],
    ['("Date")', 'field names are in lower case'],
    ['("da te")', 'it is no field name'],
    ['("")', 'it is empty'],
    ['(date)', 'it is a token'],
    ['("date";tr)', 'trailers do not arrive here'],
    ['("date";req)', 'only a response refers to its request'],
    ['("date";other)', 'nobody knows the parameter'],
    ['("date";sf=?0)', 'a flag is true or absent'],
    ['("priority";bs;sf)', 'bs and sf exclude each other'],
    ['("priority";sf;bs)', 'bs and sf exclude each other'],
    ['("priority";bs;key="u")', 'bs and key exclude each other'],
    ['("priority";key="u";bs)', 'bs and key exclude each other'],
    ['("priority";key=u)', 'a key is a string'],
    ['("date";sf)', 'it is not a structured field'],
    [`("${'x'.repeat(129)}")`, 'the name is too long'],
  ])('refuses %s: %s', list => {
    expect(base(list)).toBe('signature-malformed');
  });

  it('refuses more components than configured', () => {
    const list = (count: number) =>
      `(${Array.from({ length: count }, (_, i) => `"x-${i}"`).join(' ')})`;
    const reader = new SignatureInputReader(8);
    expect(reader.read(`a=${list(8)}`)![0]!.list).toBeInstanceOf(ComponentList);
    expect(reader.read(`a=${list(9)}`)![0]!.list).toMatchObject({ name: 'signature-malformed' });
  });
});

describe('fields (RFC 9421 section 2.1)', () => {
  it('trims each line and joins them in their order', () => {
    expect(lines('("cache-control" "date" "x-empty" "x-tab")')).toEqual([
      '"cache-control": max-age=60, must-revalidate',
      '"date": Tue, 20 Apr 2021 02:07:56 GMT',
      '"x-empty": ',
      '"x-tab": a\tb',
    ]);
  });

  it('serialises strictly with sf', () => {
    expect(lines('("priority";sf "priority")')).toEqual([
      '"priority";sf: u=1, i',
      '"priority": u=1,   i=?1',
    ]);
  });

  it('takes members of a dictionary with key, as in the example of section 2.1.2', () => {
    const list = `(${['a', 'd', 'b', 'c'].map(key => `"example-dict";key="${key}"`).join(' ')})`;
    expect(lines(list)).toEqual([
      '"example-dict";key="a": 1',
      '"example-dict";key="d": ?1',
      '"example-dict";key="b": 2;x=1;y=2',
      '"example-dict";key="c": (a b c)',
    ]);
    expect(lines('("example-dict";sf;key="a")')).toEqual(['"example-dict";sf;key="a": 1']);
  });

  it('takes the bytes of each line with bs, as in the example of section 2.1.3', () => {
    expect(lines('("example-header";bs)')).toEqual([
      '"example-header";bs: :dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:',
    ]);
  });

  it.each([
    ['("missing")', 'signature-invalid'],
    ['("missing";bs)', 'signature-invalid'],
    ['("missing";key="a")', 'signature-invalid'],
    ['("client-cert";sf)', 'signature-invalid'],
    ['("example-dict";key="z")', 'signature-invalid'],
    ['("date";key="a")', 'signature-invalid'],
    ['("x-latin")', 'malformed-request'],
    ['("x-latin";bs)', 'malformed-request'],
    ['("x-newline")', 'malformed-request'],
    ['("x-space")', 'malformed-request'],
  ])('refuses %s, which the request does not carry in a usable form, with %s', (list, name) => {
    expect(base(list)).toBe(name);
  });
});

describe('what a base costs before any cryptography', () => {
  it('parses a field once, whatever number of its members is covered', () => {
    const keys = Array.from({ length: 64 }, (_, i) => `k${i}`);
    const headers = ['x-dict', keys.map(key => `${key}=("${'v'.repeat(40)}" 1)`).join(', ')];
    const readMember = vi.spyOn(FieldCursor.prototype, 'readMember');
    try {
      const list = `(${keys.map(key => `"x-dict";key="${key}"`).join(' ')})`;
      expect(lines(list, { headers })).toHaveLength(64);
      expect(readMember).toHaveBeenCalledTimes(64);
    } finally {
      readMember.mockRestore();
    }
  });

  it('keeps the members of different fields apart', () => {
    const headers = ['x-one', 'a=1', 'x-two', 'a=2', 'x-bad', 'a=1 b'];
    expect(lines('("x-one";key="a" "x-two";key="a")', { headers })).toEqual([
      '"x-one";key="a": 1',
      '"x-two";key="a": 2',
    ]);
    expect(base('("x-one";key="a" "x-bad";key="a")', { headers })).toBe('signature-invalid');
  });

  it('has a limit', () => {
    const around = '"x-long": \n"@signature-params": ("x-long");keyid="k"'.length;
    const headers = (length: number) => ['x-long', 'a'.repeat(length)];
    const longest = SIGNATURE_BASE_MAX_CHARS - around;
    expect(base('("x-long")', { headers: headers(longest) })).toHaveLength(65_536);
    expect(base('("x-long")', { headers: headers(longest + 1) })).toBe('signature-malformed');
  });
});

describe('@query-param (RFC 9421 section 2.2.8)', () => {
  const query = [
    '?var=this%20is%20a%20big%0Amultiline%20value',
    'bar=with+plus+whitespace',
    'fa%C3%A7ade%22%3A%20=something',
    'qux=',
  ].join('&');

  it('encodes names and values as in the example', () => {
    const names = ['var', 'bar', 'fa%C3%A7ade%22%3A%20', 'qux'];
    const list = `(${names.map(name => `"@query-param";name="${name}"`).join(' ')})`;
    expect(lines(list, { query })).toEqual([
      '"@query-param";name="var": this%20is%20a%20big%0Amultiline%20value',
      '"@query-param";name="bar": with%20plus%20whitespace',
      '"@query-param";name="fa%C3%A7ade%22%3A%20": something',
      '"@query-param";name="qux": ',
    ]);
  });

  it.each([
    ['?a=1&a=2', 'occurs twice'],
    ['?a=1&%61=2', 'occurs twice, once encoded'],
    ['?b=1', 'is absent'],
    ['', 'is absent because there is no query'],
    ['?a=%FF', 'is not UTF-8'],
    ['?A=1', 'differs in case'],
  ])('refuses a parameter that in %s %s', request => {
    expect(base('("@query-param";name="a")', { query: request })).toBe('signature-invalid');
  });

  it('looks for the encoded name, not for a spelling of it', () => {
    const parameters = new QueryParameters('?fa%C3%A7ade=1&a=b');
    expect(parameters.get('façade')).toBeUndefined();
    expect(parameters.get('%61')).toBeUndefined();
    expect(parameters.get('fa%C3%A7ade')).toBe('1');
  });

  it('encodes as a form does, with %20 for a space', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), value => {
        fc.pre(!value.includes('\uFFFD') && value.isWellFormed());
        const form = new URLSearchParams([['a', value]]).toString();
        const encoded = new QueryParameters(form).get('a');
        // The one difference between the two rules (WHATWG URL, form serializing) is the space.
        expect(`a=${encoded}`.replaceAll('%20', '+')).toBe(form);
      }),
    );
  });
});

describe('@signature-params', () => {
  it('is what was written where that is canonical', () => {
    expect(base('("date" "@method")').split('\n').at(-1)).toBe(
      '"@signature-params": ("date" "@method");keyid="k"',
    );
  });

  it('is serialised strictly where that is not', () => {
    const reader = new SignatureInputReader(64);
    const [spaced] = reader.read(
      ' sig=( "date";  sf=?1   "x";key="\\"" ); created=007; keyid="a\\"\\\\";  nonce="n" \t',
    )!;
    expect(spaced!.parameters.text).toBe(';created=7;keyid="a\\"\\\\";nonce="n"');
    const [plain] = reader.read('sig=(  "priority"; sf=?1   "x" );created=7')!;
    expect((plain!.list as ComponentList).text).toBe('("priority";sf "x")');
    expect(plain!.parameters.text).toBe(';created=7');
  });

  it('is the same whether its component list was read before or not', () => {
    const reader = new SignatureInputReader(64);
    const text = 'a=("x)";key=")" "date");created=1, b=("date" "@method");keyid="b"';
    const odd = 'sig=("date" "priority";key=")(" "@method");nonce="12345678"';
    for (const field of [text, odd]) {
      const first = reader.read(field);
      expect(reader.read(field)).toEqual(first);
      expect(new SignatureInputReader(64).read(field)).toEqual(first);
    }
    expect(reader.read(odd)![0]!.list).toBeInstanceOf(ComponentList);
  });

  it('keeps a list without the field that it came in', () => {
    const long = `"x-${'n'.repeat(40)}`;
    // Through a buffer, to be one flat string as it arrives.
    const field = (i: number) =>
      Buffer.from(`sig=(${long}-${i}");tag="${'p'.repeat(7_900)}"`).toString('latin1');
    const reader = new SignatureInputReader(64);
    const readMany = (from: number, to: number) => {
      for (let i = from; i < to; i++) expect(reader.read(field(i))).toHaveLength(1);
    };
    readMany(0, 64);
    const before = heapBytes();
    readMany(64, 576);
    // 512 lists alone take 0.5 MB, with their fields 4.4 MB.
    expect(heapBytes() - before).toBeLessThan(2_500_000);
    // The reader, and with it what it keeps, has to live until here.
    expect(reader.read(field(0))).toHaveLength(1);
  });

  it('is not read from a copy that says something else', () => {
    // U+0165 cut to a byte is the letter e.
    expect(base('("dat\u0165")')).toBe('not well formed');
  });

  it.each([
    '',
    'sig',
    'sig=',
    'sig="x"',
    'sig=("date"',
    'sig=("date"),',
    'sig=("date") x',
    'sig=("date"), sig=("date")',
    'Sig=("date")',
    'sig=("date""x")',
    'sig=("date" "x);created=1',
    'sig=("date" ;sf);created=1',
    'sig=("date");created=',
    'sig=("date");created=1 ;',
    Array.from({ length: 33 }, (_, i) => `a${i}=()`).join(', '),
  ])('does not read %s', text => {
    expect(new SignatureInputReader(64).read(text)).toBeUndefined();
  });
});
