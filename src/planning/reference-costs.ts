/** What calls cost on the host that the README's figures are of, and on others by their checks. */
import { MIX_KINDS, type Mix, type MixKind } from './mix.ts';
import type { HostCosts } from './plan-model.ts';

/**
 * Two virtual cores, POST of 600 bytes through one front; measured by bench:plan and bench:desk
 * (docs/planning.md).
 */
export const REFERENCE_COSTS: HostCosts = {
  frontMicros: 55,
  aloneFrontMicros: 190,
  aloneWorkerMicros: 60,
  inlineFrontMicros: 25,
  aloneInlineFrontMicros: 110,
  aloneAfterMs: 0.28,
  hopWorkerMicros: 36,
  jobMicros: 12,
  checkMicros: {
    ...{ rsa: 22, es256: 63, es384: 1_000, ed25519: 99, hmac: 5, sm2: 760, token: 1, none: 0 },
  },
  inlineMaxMicros: 15,
  idleP99Ms: 3,
  sliceMs: 0.35,
};

/** By which hosts are compared: of every kind that is measured at each start. */
const COMPARED: readonly MixKind[] = ['rsa', 'es256', 'ed25519'];

/** @param micros of a check by algorithm, as a host has measured them */
export function scaledCosts(micros: Readonly<Record<string, number>>): HostCosts {
  const measured = (kind: MixKind) => {
    const algorithm = MIX_KINDS[kind];
    return algorithm === undefined ? undefined : micros[algorithm];
  };
  const ratios = COMPARED.map(kind => (measured(kind) ?? NaN) / REFERENCE_COSTS.checkMicros[kind]);
  const known = ratios.filter(ratio => Number.isFinite(ratio)).sort((a, b) => a - b);
  const pace = known.length === 0 ? 1 : known[Math.floor(known.length / 2)]!;
  const { inlineMaxMicros, idleP99Ms, sliceMs, aloneAfterMs, checkMicros, ...paced } =
    REFERENCE_COSTS;
  const scaled = Object.fromEntries(
    Object.entries(paced).map(([name, cost]) => [name, cost * pace]),
  ) as typeof paced;
  return {
    ...scaled,
    ...{ inlineMaxMicros, idleP99Ms, sliceMs, aloneAfterMs },
    checkMicros: Object.fromEntries(
      Object.entries(checkMicros).map(([kind, reference]) => [
        kind,
        measured(kind as MixKind) ?? reference * pace,
      ]),
    ) as HostCosts['checkMicros'],
  };
}

export const DEFAULT_MIX: Mix = new Map([['rsa', 1]]);
