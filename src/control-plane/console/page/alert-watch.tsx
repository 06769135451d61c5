/** Asks for the alerts, whatever view is shown, and reads out which begin and end to fire. */
import { useEffect, useRef } from 'preact/hooks';
import type { Alert } from './api/shapes.ts';
import { useAnswer } from './live/use-answer.ts';
import { useCell } from './state/cell.ts';
import { useConsole, useWording } from './state/console-state.ts';

const REFRESH_MS = 5_000;

interface AlertsAnswer {
  readonly alerts: readonly Alert[];
}

export function AlertWatch() {
  const { alerts } = useConsole();
  const { value, refusal } = useAnswer<AlertsAnswer>('/v1/alerts', REFRESH_MS);
  const known = value?.alerts;
  useEffect(() => alerts.set({ alerts: known, refusal }), [alerts, known, refusal]);
  useEffect(() => () => alerts.set({}), [alerts]);
  useSpoken(known);
  return null;
}

const isFiring = ({ state }: Alert) => state === 'firing';

/** How many fire; undefined where nobody knows. */
export function useFiringCount(): number | undefined {
  return useCell(useConsole().alerts).alerts?.filter(isFiring).length;
}

function useSpoken(alerts: readonly Alert[] | undefined): void {
  const state = useConsole();
  const { texts } = useWording();
  const names = alerts
    ?.filter(isFiring)
    .map(({ name }) => name)
    .join(', ');
  const before = useRef('');
  useEffect(() => {
    // What is not known has not ended.
    if (names === undefined || names === before.current) return;
    state.say(names === '' ? texts.alerts.noneFiring : texts.alerts.changed(names));
    before.current = names;
  }, [names, state, texts]);
}
