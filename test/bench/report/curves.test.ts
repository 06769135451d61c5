import { describe, expect, it } from 'vitest';
import { renderCurves } from '../../../bench/report/render-curves.ts';
import { allOf, attribute, byId, seriesPaths, textOf } from './parsed-page.ts';
import { expectSoundPage } from './sound-page.ts';

const page = expectSoundPage(
  renderCurves('How cost grows', [
    {
      heading: 'Connections',
      sentence: 'Flat from 100 to 10,000 connections.',
      xLabel: 'connections',
      yLabel: 'CPU µs per request',
      logX: true,
      series: [
        {
          name: 'signed',
          points: [
            [100, 70],
            [1_000, 71],
            [10_000, 72],
          ],
        },
        {
          name: '<b>forward</b>',
          points: [
            [100, 16],
            [1_000, Number.NaN],
            [10_000, 17],
          ],
        },
      ],
    },
    {
      heading: 'Body size',
      sentence: 'A megabyte is dear.',
      xLabel: 'bytes',
      yLabel: 'CPU µs per request',
      logX: true,
      logY: true,
      series: [
        {
          name: 'signed',
          points: [
            [0, 70],
            [1_000, 80],
            [1_000_000, 900],
          ],
        },
      ],
    },
    { heading: 'Nothing', sentence: 'Not run.', xLabel: 'x', yLabel: 'y', series: [] },
  ]),
);

describe('curves of growing cost', () => {
  it('has its sentence under each chart', () => {
    const [section] = allOf(page, 'section');
    const content = textOf(section!);
    const sentenceAt = content.lastIndexOf('Flat from 100 to 10,000 connections.');
    expect(sentenceAt).toBeGreaterThan(content.indexOf('as a table'));
  });

  it('places tenfold steps evenly on a logarithmic axis', () => {
    const paths = seriesPaths(byId(page, 'curve-1-chart'));
    expect(paths.get('signed')).toMatch(/^M0 [\d.]+h0L500 [\d.]+L1000 [\d.]+$/);
  });

  it('breaks the line where a point was not measured', () => {
    const paths = seriesPaths(byId(page, 'curve-1-chart'));
    expect(paths.get('<b>forward</b>')!.match(/M/g)).toHaveLength(2);
  });

  it('keeps a place for zero on a logarithmic axis', () => {
    const dots = allOf(byId(page, 'curve-2-chart'), 'circle');
    expect(dots.map(dot => attribute(dot, 'cx'))).toEqual(['0%', '8%', '100%']);
  });

  it('has the points in a table', () => {
    const rows = allOf(byId(page, 'curve-1-chart'), 'tr').map(row => row.childNodes.map(textOf));
    expect(rows).toEqual([
      ['connections', 'signed', '<b>forward</b>'],
      ['100', '70', '16'],
      ['1,000', '71', '–'],
      ['10,000', '72', '17'],
    ]);
  });

  it('says that a chart has nothing to show', () => {
    expect(textOf(byId(page, 'curve-3-chart'))).toContain('nothing was measured');
  });
});
