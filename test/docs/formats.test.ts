import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CODING_LIMITS } from '../../src/payload/codings/index.ts';
import { FORMAT_LIMITS, FORMATS } from '../../src/payload/formats/index.ts';
import { XML_LIMITS } from '../../src/payload/formats/xml/xml-reader.ts';
import type { JsonValue } from '../../src/payload/payload-fault.ts';

const PAGE = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');
const example = (language: string) =>
  new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(PAGE)?.[1] ?? '';
const pain = FORMATS['pain.001.001.09']!;

describe('docs/formats.md', () => {
  it('shows a payment that is read and written as it says', () => {
    const payload = JSON.parse(example('json')) as JsonValue;
    expect(pain.read(Buffer.from(example('xml')), FORMAT_LIMITS)).toEqual(payload);
    const written = Buffer.from(pain.write(payload)).toString('utf8');
    expect(written).toBe(`<?xml version="1.0" encoding="UTF-8"?>\n${example('xml')}`);
  });

  it('names every format and limit', () => {
    for (const [name, { mediaType }] of Object.entries(FORMATS)) {
      expect(PAGE.toLowerCase().replace('messagepack', 'msgpack')).toContain(name);
      expect(PAGE).toContain(`\`${mediaType}\``);
    }
    const { elementsMax, attributesPerElementMax, nameCharactersMax, textCharactersMax } =
      XML_LIMITS;
    const figures = [elementsMax, attributesPerElementMax, nameCharactersMax, textCharactersMax]
      .map(figure => figure.toLocaleString('en'))
      .join('; ');
    expect(PAGE).toContain(`| ${figures} |`);
    expect(PAGE).toContain(`| ${FORMAT_LIMITS.bytesMax.toLocaleString('en')} |`);
    expect(PAGE).toContain(`| ${FORMAT_LIMITS.depthMax} |`);
    expect(PAGE).toContain(`and ${CODING_LIMITS.ratioMax} times the coded bytes`);
  });
});
