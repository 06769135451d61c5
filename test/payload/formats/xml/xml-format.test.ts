import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORMAT_LIMITS, FORMATS, xmlFormat } from '../../../../src/payload/formats/index.ts';
import { CAMT_053 } from '../../../../src/payload/formats/xml/camt-053.ts';
import {
  type ContentType,
  compileMessageType,
} from '../../../../src/payload/formats/xml/message-type.ts';
import { PAIN_001 } from '../../../../src/payload/formats/xml/pain-001.ts';
import type { JsonValue } from '../../../../src/payload/payload-fault.ts';
import { faultOf } from '../../fault-of.ts';

const pain = FORMATS['pain.001.001.09']!;
const camt = FORMATS['camt.053.001.08']!;
const vector = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../../vectors/iso20022/${name}.xml`, import.meta.url)));

const orders = xmlFormat({
  mediaType: 'application/xml',
  namespace: 'urn:test:orders',
  root: 'Order',
  types: {
    Order: 'Id Item[]:Item Paid:Boolean Total:Money Part:Order Note',
    Item: 'Name Tag[]',
    Money: '@Ccy @Scale',
  },
});
const order = (content: string, attributes = '') =>
  `<Order xmlns="urn:test:orders"${attributes}>${content}</Order>`;
const readText = (xml: string) => orders.read(Buffer.from(xml, 'utf8'), FORMAT_LIMITS);
const faultIn = (xml: string) => faultOf(() => readText(xml));

/** Every character that XML has, those that need care more often than by chance. */
const characters = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc
    .string({ unit: 'binary', maxLength: 12 })
    .filter(text => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text)),
  fc.constantFrom('', ' ', '\r\n', '\t', ']]>', '&amp;', '<a/>', '"\'', '\u0085\u2028', '1.50'),
);

function payloadOf(type: ContentType, depth: number): fc.Arbitrary<JsonValue> {
  switch (type.kind) {
    case 'text':
      return characters;
    case 'boolean':
      return fc.boolean();
    case 'attributed': {
      const members = [...type.attributes].map(name => [`@${name}`, characters] as const);
      return fc.record({ ...Object.fromEntries(members), '#text': characters });
    }
    case 'group': {
      // Each level holds fewer elements, or a message would have thousands.
      const rules = [...type.elements.values()];
      return fc
        .subarray(rules, { maxLength: Math.max(1, Math.min(rules.length, 5 - depth)) })
        .chain(chosen =>
          fc.record(
            Object.fromEntries(
              chosen.map(({ name, type: inner, repeats }) => {
                const one = payloadOf(inner, depth + 1);
                return [name, repeats ? fc.array(one, { minLength: 1, maxLength: 3 }) : one];
              }),
            ),
          ),
        );
    }
  }
}

describe('the messages of ISO 20022', () => {
  it.each([
    ['pain.001.001.09', pain, PAIN_001],
    ['camt.053.001.08', camt, CAMT_053],
  ] as const)('%s: what is written is read as it was', (_name, format, message) => {
    fc.assert(
      fc.property(payloadOf(compileMessageType(message), 0), payload => {
        const written = format.write(payload);
        expect(format.read(written, FORMAT_LIMITS)).toEqual(payload);
        expect(format.write(format.read(written, FORMAT_LIMITS))).toEqual(written);
      }),
      { numRuns: 300 },
    );
  });

  it('reads a payment as a payload with arrays, text and booleans', () => {
    const { CstmrCdtTrfInitn: initiation } = pain.read(
      vector('pain.001.001.09'),
      FORMAT_LIMITS,
    ) as Record<string, Record<string, unknown>>;
    expect(initiation).toMatchObject({
      GrpHdr: { CtrlSum: '1750.50', InitgPty: { Nm: 'Harbour Tea & Spice' } },
      PmtInf: [
        {
          BtchBookg: false,
          Dbtr: { PstlAdr: { AdrLine: ['Am Sandtorkai 1'] } },
          CdtTrfTxInf: [
            {
              Amt: { InstdAmt: { '@Ccy': 'EUR', '#text': '1250.00' } },
              Cdtr: { Nm: '云南茶叶公司' },
              RmtInf: { Ustrd: ['Invoice 118', 'Spring picking'] },
            },
            { Amt: { InstdAmt: { '@Ccy': 'EUR', '#text': '500.50' } } },
          ],
        },
      ],
    });
  });

  it('reads a statement whose elements have a prefix', () => {
    const payload = camt.read(vector('camt.053.001.08'), FORMAT_LIMITS);
    expect(payload).toMatchObject({
      BkToCstmrStmt: {
        GrpHdr: { MsgPgntn: { LastPgInd: true } },
        Stmt: [{ Ntry: [{ RvslInd: false, Amt: { '@Ccy': 'EUR', '#text': '1250.00' } }] }],
      },
    });
    expect(camt.read(camt.write(payload), FORMAT_LIMITS)).toEqual(payload);
  });

  it('carries a day of card takings, returns and charges, in order and with repeats', () => {
    const payload = camt.read(vector('camt.053.001.08-cards'), FORMAT_LIMITS);
    const { Stmt } = (payload as { BkToCstmrStmt: { Stmt: [{ Ntry: [object, object] }] } })
      .BkToCstmrStmt;
    expect(Stmt[0].Ntry).toMatchObject([
      {
        Chrgs: { Rcrd: [{ ChrgInclInd: true }, { Tp: { Cd: 'COMM' } }] },
        CardTx: { POI: { Cpblties: { CardRdngCpblties: ['CTLS', 'CICC'] } } },
        NtryDtls: [
          {
            TxDtls: [
              { CardTx: { Card: { PlainCardData: { PAN: '5017670000001800' } } } },
              { Amt: { '#text': '120.00' } },
            ],
          },
        ],
      },
      {
        Intrst: { Rcrd: [{ Rsn: 'late' }] },
        NtryDtls: [{ TxDtls: [{ RtrInf: { AddtlInf: ['closed', 'since October'] } }] }],
      },
    ]);
    const written = Buffer.from(camt.write(payload)).toString('utf8');
    // What is not kept: the comment, where the schema lies, and the space between elements.
    const kept = Buffer.from(vector('camt.053.001.08-cards'))
      .toString('utf8')
      .replace(/^.*?<Document xmlns="([^"]*)"[^>]*>/s, '<Document xmlns="$1">')
      .replaceAll(/>\s+</g, '><');
    expect(written).toBe(`<?xml version="1.0" encoding="UTF-8"?>\n${kept}`);
  });

  it('refuses one message for the other', () => {
    expect(faultOf(() => pain.read(vector('camt.053.001.08'), FORMAT_LIMITS))).toBe('');
  });
});

describe('writing XML', () => {
  it('has the order of the schema, whatever the order of the members', () => {
    const first = orders.write({ Note: 'n', Paid: true, Item: [{ Name: 'a' }], Id: '1' });
    expect(Buffer.from(first).toString('utf8')).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Order xmlns="urn:test:orders">' +
        '<Id>1</Id><Item><Name>a</Name></Item><Paid>true</Paid><Note>n</Note></Order>\n',
    );
    expect(orders.write({ Id: '1', Item: [{ Name: 'a' }], Paid: true, Note: 'n' })).toEqual(first);
  });

  it.each([
    ['/Colour', { Colour: 'red' }],
    ['/Item/1/Colour', { Item: [{ Name: 'a' }, { Colour: 'red' }] }],
    ['/__proto__', JSON.parse('{"__proto__":"x"}')],
    ['/toString', { toString: 'x' }],
    ['/Id', { Id: 1.1 }],
    ['/Id', { Id: null }],
    ['/Id', { Id: ['1'] }],
    ['/Id', { Id: 'a\u0000' }],
    ['/Id', { Id: '\ud800' }],
    ['/Id', { Id: '\uffff' }],
    ['/Paid', { Paid: 'true' }],
    ['/Item', { Item: { Name: 'a' } }],
    ['/Item/0', { Item: ['a'] }],
    ['/Total', { Total: '1.00' }],
    ['/Total', { Total: { '@Ccy': 'EUR' } }],
    ['/Total', { Total: { '#text': '1', '@Other': 'x' } }],
    ['/Total', { Total: { '#text': '1', '@Ccy': 1 } }],
    ['', 'text'],
    ['', []],
  ] as [string, JsonValue][])('refuses at %j: %j', (pointer, payload) => {
    expect(faultOf(() => orders.write(payload))).toBe(pointer);
  });

  it('refuses a payload that nests deeper than can be read', () => {
    let payload: JsonValue = {};
    for (let depth = 0; depth < 10_000; depth++) payload = { Part: payload };
    expect(faultOf(() => orders.write(payload))).toMatch(/^(\/Part)+$/);
  });
});

describe('reading XML', () => {
  it('takes comments, CDATA, references, a byte order mark and white space', () => {
    const xml = `\ufeff<?xml version='1.0' encoding='utf-8' standalone="yes"?>\n<!-- a -->\n${order(
      '\n <Id>a<!-- b --><![CDATA[<&]]>&lt;&#x26;&#39;</Id>\n <Item/>\n',
      ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"',
    )}\n`;
    expect(readText(xml)).toEqual({ Id: "a<&<&'", Item: [{}] });
  });

  it.each([
    ['', '', 'nothing'],
    ['', 'text', 'text alone'],
    ['', '<Order/>', 'no namespace'],
    ['', '<Order xmlns="urn:other"/>', 'another namespace'],
    ['', '<Other xmlns="urn:test:orders"/>', 'another root'],
    ['', `${order('')}${order('')}`, 'two roots'],
    ['', order('<x:Id xmlns:x="urn:other">1</x:Id>'), 'an element of another namespace'],
    ['', order('<Id xmlns="">1</Id>'), 'an element of no namespace'],
    ['', order('<x:Id>1</x:Id>'), 'an unbound prefix'],
    ['', order('<Colour>red</Colour>'), 'an unknown element'],
    ['', order('<__proto__>x</__proto__>'), 'a name that objects have'],
    ['', order('<constructor/>'), 'another name that objects have'],
    ['/Item/1', order('<Item/><Item><Colour/></Item>'), 'an unknown element inside'],
    ['', order('<Note/><Id/>'), 'another order'],
    ['', order('<Id>1</Id><Id>2</Id>'), 'an element twice'],
    ['', order('text'), 'text among elements'],
    ['/Id', order('<Id><b/></Id>'), 'an element in text'],
    ['/Id', order('<Id a="1">1</Id>'), 'an unknown attribute'],
    [
      '/Total',
      order('<Total x:Ccy="EUR" xmlns:x="urn:x">1</Total>'),
      'an attribute in a namespace',
    ],
    ['', order('<Total Ccy="EUR" Ccy="USD">1</Total>'), 'an attribute twice'],
    ['/Paid', order('<Paid>yes</Paid>'), 'a boolean that is none'],
    ['/Id', order('<Id>&nbsp;</Id>'), 'an entity that XML has not'],
    ['/Id', order('<Id>&#0;</Id>'), 'a reference to a control character'],
    ['/Id', order('<Id>\u0001</Id>'), 'a control character'],
    ['/Id', order('<Id>\u0000</Id>'), 'a NUL'],
    ['', order('<Id>1</Note>'), 'a wrong end tag'],
    ['/Id', '<Order xmlns="urn:test:orders"><Id>1', 'a document cut off'],
    ['', `<?xml version="1.1"?>${order('')}`, 'XML 1.1'],
    ['', `<?xml version="1.0" encoding="ISO-8859-1"?>${order('')}`, 'another encoding'],
    ['', `<?xml-stylesheet href="x"?>${order('')}`, 'a processing instruction'],
    ['', `<!DOCTYPE Order>${order('')}`, 'a DOCTYPE'],
    ['', `<!DOCTYPE Order SYSTEM "http://127.0.0.1:9/x.dtd">${order('')}`, 'an external DTD'],
  ])('refuses at %j: %s', (pointer, xml, _what) => {
    expect(faultIn(xml)).toBe(pointer);
  });

  it('refuses entities that grow and entities from elsewhere', () => {
    const laughs = Array.from(
      { length: 10 },
      (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`,
    ).join('');
    expect(
      faultIn(`<!DOCTYPE Order [<!ENTITY l0 "lol">${laughs}]>${order('<Id>&l10;</Id>')}`),
    ).toBe('');
    const external = '<!DOCTYPE Order [<!ENTITY x SYSTEM "file:///etc/passwd">]>';
    expect(faultIn(`${external}${order('<Id>&x;</Id>')}`)).toBe('');
  });

  it('refuses a million attributes, elements without end, and long names and texts', () => {
    const attributes = Array.from({ length: 100_000 }, (_, i) => ` a${i}=""`).join('');
    expect(faultIn(order('', attributes))).toBe('');
    const million = `<Order ${' a=""'.repeat(1_000_000)}/>`;
    const loose = { bytesMax: 100_000_000, depthMax: 64 };
    expect(faultOf(() => orders.read(Buffer.from(million), loose))).toBe('');
    expect(faultOf(() => orders.read(Buffer.from(order('<Item/>'.repeat(100_001))), loose))).toBe(
      '',
    );
    expect(faultIn(order(`<${'a'.repeat(200_000)}/>`))).toBe('');
    expect(faultIn(order(`<Id>${'a'.repeat(65_537)}</Id>`))).toBe('/Id');
  });

  it('refuses what nests deeper than the limit', () => {
    const parts = (depth: number) => `${'<Part>'.repeat(depth)}${'</Part>'.repeat(depth)}`;
    expect(faultIn(order(parts(63)))).toBeUndefined();
    expect(faultIn(order(parts(64)))).toBe('/Part'.repeat(63));
    expect(faultIn(order('<Part>'.repeat(100_000)))).toBe('/Part'.repeat(63));
  });

  it('refuses other encodings and too many bytes', () => {
    const read = (data: Uint8Array) => faultOf(() => orders.read(data, FORMAT_LIMITS));
    const xml = order('<Id>1</Id>');
    expect(read(Buffer.from(xml, 'utf16le'))).toBe('');
    expect(read(Buffer.from(`\ufeff${xml}`, 'utf16le'))).toBe('');
    expect(read(Buffer.from(order('<Id>é</Id>'), 'latin1'))).toBe('');
    expect(read(Buffer.from(`${xml}${' '.repeat(1_048_576)}`))).toBe('');
  });

  it('throws nothing but faults for a message that was damaged or cut off', () => {
    const whole = vector('pain.001.001.09');
    // Its last byte is a line feed that may be missing.
    const place = fc.nat(whole.length - 2);
    fc.assert(
      fc.property(place, place, fc.nat(255), (end, at, byte) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] = byte;
        faultOf(() => pain.read(damaged, FORMAT_LIMITS));
        expect(faultOf(() => pain.read(whole.subarray(0, end), FORMAT_LIMITS))).toBeTypeOf(
          'string',
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('a table of a message', () => {
  const table = (types: Record<string, string>) => () =>
    compileMessageType({ mediaType: 'application/xml', namespace: 'urn:x', root: 'Root', types });

  it.each([
    {},
    { Root: 'A:Missing' },
    { Root: 'A A' },
    { Root: 'A[' },
    { Root: '1A' },
    { Root: '@a' },
    { Root: 'A:B', B: '@a b' },
  ] as Record<string, string>[])('is refused where it contradicts itself: %j', types => {
    expect(table(types)).toThrow();
  });
});
