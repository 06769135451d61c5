/** Says on standard error that the connection is waited for, where that takes long. */
import type { SessionChange } from '../../client/index.ts';
import type { SessionOutput } from './session-output.ts';

const PATIENCE_MS = 2_000;

export class ConnectionNotice {
  private readonly baseUrl: string;
  private readonly output: SessionOutput;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isShown = false;

  constructor(baseUrl: string, output: SessionOutput) {
    this.baseUrl = baseUrl;
    this.output = output;
  }

  start(): void {
    this.timer ??= setTimeout(() => {
      this.isShown = true;
      this.output.say(`Waiting for ${this.baseUrl} ...\n`);
    }, PATIENCE_MS);
  }

  readonly onChange = ({ kind }: SessionChange): void => {
    if (kind === 'lost') this.start();
    else if (kind === 'open' || kind === 'ended') this.stop();
    if (kind === 'open' && this.isShown) {
      this.isShown = false;
      this.output.say('Connected.\n');
    }
  };

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
