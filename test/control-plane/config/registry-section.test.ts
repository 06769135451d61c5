import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/control-plane/config/index.ts';
import { aFolder, placesOf } from './config-fixture.ts';

const KEYS = 'keys.txt';

function load(text: string, files: Readonly<Record<string, string>> = {}) {
  return loadConfig(join(aFolder({ ...files, 'xingyun.yaml': text }), 'xingyun.yaml'));
}

describe('the registry section', () => {
  it('keeps the registry in a database of its own by default, which needs no file', () => {
    const { config } = load('# nothing set\n');
    expect(config.registry).toMatchObject({ store: 'sqlite', fileAtStart: 'seed' });
  });

  it('wants the file that is named, and the default one where it is the registry', () => {
    expect(placesOf(() => load('registryFile: none.yaml\n'))).toEqual(['1 registryFile']);
    const file = 'registry:\n  store: file\n';
    expect(placesOf(() => load(file))).toEqual(['1 registryFile']);
    load(file, { 'registry.yaml': '' });
  });

  it('wants the address of a shared database and the keys of its secrets', () => {
    expect(placesOf(() => load('registry:\n  store: postgres\n'))).toEqual([
      '1 registry.postgresUrlFile',
      '1 registry.secretKeyFile',
    ]);
    const text = `registry:\n  postgresUrlFile: ${KEYS}\n`;
    expect(placesOf(() => load(text, { [KEYS]: 'x' }))).toEqual(['2 registry.postgresUrlFile']);
  });

  it('starts paths at the folder of the file and wants what they name', () => {
    const text = `registry:\n  secretKeyFile: ${KEYS}\nadmin:\n  operatorsFile: operators.yaml\n`;
    expect(placesOf(() => load(text))).toEqual([
      '2 registry.secretKeyFile',
      '4 admin.operatorsFile',
    ]);
    const { config, file } = load(text, { [KEYS]: 'x', 'operators.yaml': '' });
    expect(config.registry.secretKeyFile).toBe(join(file!, '..', KEYS));
    expect(config.admin.operatorsFile).toBe(join(file!, '..', 'operators.yaml'));
  });
});
