/** `env:` and the name of an environment variable. */
import { KEY_TEXT_MAX_BYTES, KeyFault, type KeySource } from './key-source.ts';

export class EnvironmentSource implements KeySource {
  private readonly environment: NodeJS.ProcessEnv;

  constructor(environment: NodeJS.ProcessEnv) {
    this.environment = environment;
  }

  async read(name: string): Promise<string> {
    const reference = `env:${name}`;
    const text = this.environment[name];
    if (text === undefined) throw new KeyFault(reference, 'is not set');
    if (text === '') throw new KeyFault(reference, 'is empty');
    if (Buffer.byteLength(text) > KEY_TEXT_MAX_BYTES) {
      throw new KeyFault(reference, `has more than ${KEY_TEXT_MAX_BYTES} bytes`);
    }
    return text;
  }
}
