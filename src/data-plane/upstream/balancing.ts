/** Which of the targets that may be used gets the next call. */
import type { Balancing } from '../../core/upstream-record.ts';
import type { TargetHealth } from '../../stores/health-contract.ts';
import type { TargetClient } from './target-client.ts';

export interface Member {
  readonly target: TargetClient;
  /** Undefined where neither checks nor outliers are configured. */
  readonly health: TargetHealth | undefined;
  /** Its share in the record. */
  readonly weight: number;
  /** Its share now, which is smaller while it starts slowly. */
  share: number;
  /** Turns that it is owed while others have taken theirs. */
  owed: number;
}

/** Chooses among one member at least; not the one given, where there is another. */
export type Choice = (members: readonly Member[], not: TargetClient | undefined) => Member;

/** `random`: evenly from 0 to below 1. */
export function choiceFor(balancing: Balancing, random: () => number): Choice {
  if (balancing === 'weighted') return chooseInTurns;
  return (members, not) => chooseOfTwo(members, not, random);
}

/**
 * Of two that are drawn by their shares, the one with fewer calls in flight for its share. Fronts
 * do not share those counts: each sees its own calls, and that two are drawn keeps them from
 * running to the same target at once. Of two that are even the first one drawn, so that shares hold
 * with nothing in flight.
 */
function chooseOfTwo(
  members: readonly Member[],
  not: TargetClient | undefined,
  random: () => number,
): Member {
  const first = draw(members, not, undefined, random()) ?? members[0]!;
  const second = draw(members, not, first.target, random()) ?? first;
  return isLessBusy(second, first) ? second : first;
}

/** By share among all but two. */
function draw(
  members: readonly Member[],
  not: TargetClient | undefined,
  norThis: TargetClient | undefined,
  at: number,
): Member | undefined {
  let sum = 0;
  for (const { target, share } of members) if (target !== not && target !== norThis) sum += share;
  let left = at * sum;
  let drawn: Member | undefined;
  for (const member of members) {
    if (member.target === not || member.target === norThis) continue;
    drawn = member;
    left -= member.share;
    if (left < 0) break;
  }
  return drawn;
}

function isLessBusy(a: Member, b: Member): boolean {
  return a.target.callsInFlight * b.share < b.target.callsInFlight * a.share;
}

/** In turns by share, spread out: a smooth weighted rotation. */
function chooseInTurns(members: readonly Member[], not: TargetClient | undefined): Member {
  let turns = 0;
  let chosen: Member | undefined;
  for (const member of members) {
    if (member.target === not) continue;
    member.owed += member.share;
    turns += member.share;
    if (chosen === undefined || member.owed > chosen.owed) chosen = member;
  }
  if (chosen === undefined) return members[0]!;
  chosen.owed -= turns;
  return chosen;
}
