/** The text of a registry file: YAML, or JSON where its name ends in `.json`. */
import { displayName } from '../config/config-error.ts';
import {
  fileError,
  formatPath,
  type OptionSource,
  readText,
  YamlSource,
} from '../config/yaml-source.ts';

const REGISTRY_FILE_MAX_BYTES = 268_435_456;

/**
 * JSON is read in about a fiftieth of the time that YAML takes, which counts from 10,000 records
 * on; its problems have no lines.
 *
 * @throws ConfigError where it cannot be read or parsed
 */
export function readRegistrySource(path: string): OptionSource {
  if (!path.endsWith('.json')) return YamlSource.read(path, REGISTRY_FILE_MAX_BYTES);
  const file = displayName(path);
  const text = readText(path, REGISTRY_FILE_MAX_BYTES);
  const problem = (at: Parameters<typeof formatPath>[0], message: string) => {
    return { file, line: 0, path: formatPath(at), message };
  };
  try {
    return { file, value: JSON.parse(text), problem };
  } catch (error) {
    // The parser quotes what is around the mistake, which may be a secret.
    const [position = ''] = /position \d+( \(line \d+ column \d+\))?/.exec(String(error)) ?? [];
    throw fileError(file, `is not valid JSON${position && ` at ${position}`}`);
  }
}
