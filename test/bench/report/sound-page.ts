import { expect } from 'vitest';
import { allOf, attribute, byId, type ParsedPage, parsePage, textOf } from './parsed-page.ts';

const NO_NUMBER = /NaN|Infinity|undefined|null|\[object/;
const FETCHING = ['src', 'srcset', 'action', 'data', 'poster', 'background', 'xlink:href'];

/** What holds for every page, whatever it shows; the parsed page for further questions. */
export function expectSoundPage(text: string): ParsedPage {
  const page = parsePage(text);
  expect(page.faults).toEqual([]);
  expectPlainAttributes(page);
  expectNothingOutside(page);
  expectUniqueIds(page);
  expectNamedPictures(page);
  return page;
}

function expectPlainAttributes({ elements }: ParsedPage): void {
  const values = elements.flatMap(({ tagName, attrs }) =>
    attrs.map(({ name, value }) => `${tagName} ${name}=${value}`),
  );
  expect(values.filter(value => NO_NUMBER.test(value))).toEqual([]);
}

/** No script, nothing to fetch, and links that stay in the page and arrive. */
function expectNothingOutside(page: ParsedPage): void {
  expect(allOf(page, 'script')).toEqual([]);
  const attrs = page.elements.flatMap(element => element.attrs);
  const active = attrs.filter(({ name }) => name.startsWith('on') || FETCHING.includes(name));
  expect(active).toEqual([]);
  expect(allOf(page, 'link').map(link => attribute(link, 'href'))).toEqual(['data:,']);
  for (const style of allOf(page, 'style')) expect(textOf(style)).not.toMatch(/url\(|@import/);
  for (const link of allOf(page, 'a')) {
    const href = attribute(link, 'href')!;
    expect(href).toMatch(/^#/);
    byId(page, href.slice(1));
  }
  const policy = allOf(page, 'meta').find(meta => attribute(meta, 'http-equiv') !== undefined);
  expect(attribute(policy!, 'content')).toContain("default-src 'none'");
}

function expectUniqueIds({ elements }: ParsedPage): void {
  const ids = elements.flatMap(element => attribute(element, 'id') ?? []);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
}

/** Every picture has a title and a description, and every table a caption and headings. */
function expectNamedPictures(page: ParsedPage): void {
  const pictures = allOf(page, 'svg').filter(svg => attribute(svg, 'role') === 'img');
  expect(pictures.length).toBeGreaterThan(0);
  for (const picture of pictures) {
    const ids = attribute(picture, 'aria-labelledby')!.split(' ');
    expect(ids).toHaveLength(2);
    for (const id of ids) expect(textOf(byId(page, id)).trim()).not.toBe('');
  }
  for (const table of allOf(page, 'table')) {
    const widths = allOf(table, 'tr').map(row => row.childNodes.length);
    expect(new Set(widths).size).toBe(1);
    expect(textOf(allOf(table, 'caption')[0]!)).not.toBe('');
    expect(allOf(table, 'th').every(cell => attribute(cell, 'scope') !== undefined)).toBe(true);
  }
}
