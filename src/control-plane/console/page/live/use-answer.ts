/** What a GET answers, asked again an interval after each answer, with why it could not be had. */
import { useEffect, useState } from 'preact/hooks';
import { ApiRefusal } from '../api/api-client.ts';
import { useConsole } from '../state/console-state.ts';

/** What is asked once is asked again where nobody answered, or there was no room for it. */
const RETRY_MS = 3_000;
const PASSING_STATUSES: readonly (number | undefined)[] = [0, 429, 502, 503, 504];

function isPassing(refusal: ApiRefusal | undefined): boolean {
  return PASSING_STATUSES.includes(refusal?.status);
}

export interface Asked<T> {
  readonly value: T | undefined;
  readonly refusal: ApiRefusal | undefined;
  /** Asks again now. */
  readonly again: () => void;
}

/**
 * @param path undefined while there is nothing to ask
 * @param intervalMs undefined to ask once for each path
 * @param occasion asked anew when it is another
 */
export function useAnswer<T>(
  path: string | undefined,
  intervalMs?: number,
  occasion?: unknown,
): Asked<T> {
  const { api } = useConsole();
  const [round, setRound] = useState(0);
  const [got, setGot] = useState<{ path?: string; value?: T; refusal?: ApiRefusal }>({});
  // Each round asks again
  useEffect(() => {
    if (path === undefined) return;
    let isWanted = true;
    api.get<T>(path).then(
      value => isWanted && setGot({ path, value }),
      (error: unknown) => {
        if (!(error instanceof ApiRefusal)) throw error;
        // The figures that were there are of another moment: gone rather than old.
        if (isWanted) setGot({ path, refusal: error });
      },
    );
    return () => {
      isWanted = false;
    };
  }, [api, path, round, occasion]);
  // After an answer, not after a question: one that takes longer than the interval is waited for.
  useEffect(() => {
    if (got.path !== path) return;
    // Who signs in sees the views anew: until then the answer stays this one.
    if (got.refusal?.status === 401) return;
    const pauseMs = intervalMs ?? (isPassing(got.refusal) ? RETRY_MS : undefined);
    if (pauseMs === undefined) return;
    const timer = setTimeout(() => setRound(count => count + 1), pauseMs);
    return () => clearTimeout(timer);
  }, [intervalMs, got, path]);
  const isOfPath = got.path === path;
  return {
    value: isOfPath ? got.value : undefined,
    refusal: isOfPath ? got.refusal : undefined,
    again: () => setRound(count => count + 1),
  };
}
