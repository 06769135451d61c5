/** Tells a person who waits that something is still under way. */
import { complain } from './output.ts';

const QUIET_MS = 2_000;
const REPEAT_MS = 5_000;

/**
 * Says what is under way on standard error once it takes longer than two seconds, and every five
 * seconds from then on. Silent where standard error is no terminal: a log wants no heartbeat.
 */
export async function withProgress<T>(what: string, running: Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return running;
  const startedMs = performance.now();
  const say = () => {
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    complain(`${what}, ${seconds} s ...\n`);
    timer = setTimeout(say, REPEAT_MS);
  };
  let timer = setTimeout(say, QUIET_MS);
  try {
    return await running;
  } finally {
    clearTimeout(timer);
  }
}
