import { describe, expect, it } from 'vitest';
import { SignalRequests } from '../../src/runtime/signal-requests.ts';

class Recorder {
  readonly calls: string[] = [];
  stop(): void {
    this.calls.push('stop');
  }
  reload(): void {
    this.calls.push('reload');
  }
}

describe('a request before anything runs', () => {
  it('waits for who can do it', () => {
    const requests = new SignalRequests();
    const target = new Recorder();
    requests.reload();
    requests.reload();
    requests.hand(target);
    expect(target.calls).toEqual(['reload']);
  });

  it('to stop leaves nothing else to do', () => {
    const requests = new SignalRequests();
    const target = new Recorder();
    requests.reload();
    requests.stop();
    expect(requests.stopRequested).toBe(true);
    requests.hand(target);
    expect(target.calls).toEqual(['stop']);
  });
});

describe('a request while it runs', () => {
  it('is passed on each time', () => {
    const requests = new SignalRequests();
    const target = new Recorder();
    requests.hand(target);
    requests.reload();
    requests.stop();
    requests.stop();
    expect(target.calls).toEqual(['reload', 'stop', 'stop']);
  });

  it('comes from the process’s signals', async () => {
    const names = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
    const target = new Recorder();
    const requests = new SignalRequests().listen();
    requests.hand(target);
    for (const name of names) process.emit(name, name);
    for (const name of names) process.removeAllListeners(name);
    expect(target.calls).toEqual(['stop', 'stop', 'reload']);
  });
});
