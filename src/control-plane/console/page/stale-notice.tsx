/** Says that what is shown is old, since when, and reads out when that begins and ends. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useConsole, useLive, useWording } from './state/console-state.ts';

export function StaleNotice() {
  const state = useConsole();
  const { texts, figures } = useWording();
  const { freshness, lastAtMs, isCrowded } = useLive();
  const wasSilent = useRef(false);
  const nowMs = useSeconds(freshness === 'silent');
  useEffect(() => {
    const isSilent = freshness === 'silent';
    if (isSilent !== wasSilent.current) {
      state.say(isSilent ? texts.live.lost : texts.live.back);
    }
    wasSilent.current = isSilent;
  }, [freshness, state, texts]);
  if (freshness !== 'silent') return null;
  const age = lastAtMs === undefined ? '' : figures.age(nowMs - lastAtMs);
  return (
    <div class="notice alarm">
      <p>
        <strong>
          {lastAtMs === undefined
            ? texts.live.silentNever
            : texts.live.silentSince(figures.clock(lastAtMs), age)}
        </strong>{' '}
        {isCrowded ? texts.live.crowded : texts.live.retrying}
      </p>
      <button type="button" onClick={() => state.live.retry()}>
        {texts.live.retry}
      </button>
    </div>
  );
}

/** A page of another version may not understand what the gateway says now. */
export function VersionNotice() {
  const { texts } = useWording();
  const { version } = useLive();
  const first = useRef<string>(undefined);
  first.current ??= version;
  if (version === undefined || version === first.current) return null;
  return (
    <div class="notice">
      <p>{texts.live.newVersion(version)}</p>
      <button type="button" onClick={() => location.reload()}>
        {texts.live.reload}
      </button>
    </div>
  );
}

function useSeconds(isRunning: boolean): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    if (!isRunning) return;
    setNowMs(Date.now());
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return nowMs;
}
