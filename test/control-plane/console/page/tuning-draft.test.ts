import { expect, it } from 'vitest';
import type { TuningSettings } from '../../../../src/control-plane/console/page/api/shapes.ts';
import {
  changesOf,
  draftOf,
} from '../../../../src/control-plane/console/page/views/actions/tuning-draft.ts';

const SETTINGS: TuningSettings = {
  ...{ workersPerFront: 2, batchMax: 64, queueMax: 2_048, placement: 'pool', logLevel: 'info' },
  placements: { sm2: 'pool', hmac: 'inline' },
};
const changed = (part: Partial<ReturnType<typeof draftOf>>) =>
  changesOf(SETTINGS, { ...draftOf(SETTINGS), ...part });

it('sends only what was changed, and takes back only that', () => {
  expect(changed({})).toEqual({ changes: [], patch: {}, back: {} });
  const { changes, patch, back } = changed({ workersPerFront: '3', logLevel: 'debug' });
  expect(patch).toEqual({ workersPerFront: 3, logLevel: 'debug' });
  expect(back).toEqual({ workersPerFront: 2, logLevel: 'info' });
  expect(changes).toEqual([
    { setting: 'workersPerFront', from: '2', to: '3' },
    { setting: 'logLevel', from: 'info', to: 'debug' },
  ]);
});

it('leaves a number that is not typed yet, or is the same in other digits', () => {
  expect(changed({ workersPerFront: '', batchMax: '064' }).patch).toEqual({});
});

it('sends the placements of all kinds, since they take the place of those before', () => {
  const { changes, patch, back } = changed({ placements: { ...SETTINGS.placements, rsa: 'auto' } });
  expect(patch).toEqual({ placements: { sm2: 'pool', hmac: 'inline', rsa: 'auto' } });
  expect(back).toEqual({ placements: { sm2: 'pool', hmac: 'inline' } });
  expect(changes).toEqual([{ setting: 'kind', kind: 'rsa', from: undefined, to: 'auto' }]);
});

it('lets a kind follow the rest again', () => {
  const { changes, patch } = changed({ placements: { hmac: 'inline' } });
  expect(patch).toEqual({ placements: { hmac: 'inline' } });
  expect(changes).toEqual([{ setting: 'kind', kind: 'sm2', from: 'pool', to: undefined }]);
});
