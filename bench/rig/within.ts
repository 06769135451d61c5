/**
 * A wait with a limit, for what another process is to say: one that hangs must end the benchmark
 * with its name, not hold it for ever.
 * @throws Error `WHAT took longer than N s`
 */
export async function within<T>(maxMs: number, what: string, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const seconds = Math.round(maxMs / 100) / 10;
  const timer = setTimeout(() => reject(new Error(`${what} took longer than ${seconds} s`)), maxMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
