/** Where a call's milliseconds went: the gateway's stages beside what the caller waited. */

export interface CallTiming {
  /** From the first byte sent to the last one read, as this process saw it. */
  readonly clientTotalMs: number;
  /** The stages of `server-timing`, in its order; empty where the gateway sent none. */
  readonly stages: Readonly<Record<string, number>>;
}

/** Reads `name;dur=1.5, name;dur=2` (W3C Server Timing section 2); what has no dur is left out. */
export function parseServerTiming(header: string | null): Record<string, number> {
  const stages: Record<string, number> = {};
  for (const entry of (header ?? '').split(',')) {
    const [name, ...parameters] = entry.split(';').map(part => part.trim());
    const duration = parameters.find(parameter => /^dur=/i.test(parameter))?.slice(4);
    if (name && duration !== undefined && Number.isFinite(Number(duration))) {
      stages[name] = Number(duration);
    }
  }
  return stages;
}

export function formatTiming(timing: CallTiming): string {
  const rows = Object.entries(timing.stages).map(([name, ms]) => [`gateway ${name}`, ms] as const);
  const all = [...rows, ['client total', timing.clientTotalMs] as const];
  const width = Math.max(...all.map(([name]) => name.length));
  const lines = all.map(([name, ms]) => `${name.padEnd(width)}  ${ms.toFixed(3).padStart(10)} ms`);
  return `${lines.join('\n')}\n`;
}
