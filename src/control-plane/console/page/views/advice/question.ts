/** What is asked, as it stands in the address of the page and goes to the gateway. */

export const ASKED = [
  ...['rate', 'perDay', 'peak', 'fronts', 'workers', 'cores'],
  ...['mix', 'p99MaxMs', 'utilizationMax', 'upstreamP99Ms'],
] as const;
export type Asked =
  | ('rate' | 'perDay' | 'peak' | 'fronts' | 'workers' | 'cores')
  | ('mix' | 'p99MaxMs' | 'utilizationMax' | 'upstreamP99Ms');

/** As typed; what is absent or empty is left to the gateway. */
export type Question = Readonly<Partial<Record<Asked, string>>>;

/** Undefined takes a name out of the question. */
export type Change = Readonly<Partial<Record<Asked, string | undefined>>>;

export const AMOUNTS = ['present', 'rate', 'perDay'] as const;
export type Amount = (typeof AMOUNTS)[number];

export function questionOf(rest: string): Question {
  const given = new URLSearchParams(rest);
  return Object.fromEntries(
    ASKED.flatMap(name => {
      const value = given.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}

export function queryOf(question: Question): string {
  const query = new URLSearchParams();
  for (const name of ASKED as readonly Asked[]) {
    const value = question[name]?.trim() ?? '';
    if (value !== '') query.set(name, value);
  }
  return query.toString();
}

export function amountOf({ rate, perDay }: Question): Amount {
  if (rate !== undefined) return 'rate';
  return perDay === undefined ? 'present' : 'perDay';
}
