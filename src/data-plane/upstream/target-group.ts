/** The targets of one upstream as its record has them, and which of them gets the next call. */
import type { Problem } from '../../core/problems.ts';
import type { UpstreamTarget } from '../../core/snapshot.ts';
import type { UpstreamClient } from './client.ts';

/** A target and its client; they outlive the records that name the target. */
export interface TargetClient {
  readonly client: UpstreamClient;
  /** The Host field's value: the port is left out where it is the scheme's own. */
  readonly host: string;
  /** Calls that it was chosen for and that are not settled; the directory counts them. */
  callsInFlight: number;
  /** It takes no calls any more. */
  isClosed: boolean;
}

export function isTarget(chosen: TargetClient | Problem): chosen is TargetClient {
  return (chosen as TargetClient).client !== undefined;
}

interface Member {
  readonly target: TargetClient;
  readonly weight: number;
  /** Turns that it is owed while others have taken theirs. */
  owed: number;
}

export class TargetGroup {
  private readonly members: readonly Member[];

  /** `targets` in the order of `clients`; at least one. */
  constructor(targets: readonly UpstreamTarget[], clients: readonly TargetClient[]) {
    this.members = targets.map(({ weight }, i) => ({ target: clients[i]!, weight, owed: 0 }));
  }

  /**
   * The target with the fewest calls in flight for its weight. Those that are even take turns by
   * weight, spread out (a smooth weighted rotation), so that weights hold with nothing in flight as
   * well. With one or two calls in flight the shares are nearer to each other. `not` is left out
   * where there is another.
   */
  choose(not?: TargetClient): TargetClient {
    const { members } = this;
    if (members.length === 1) return members[0]!.target;
    let least = members[0]!.target === not ? members[1]! : members[0]!;
    for (const member of members) {
      if (member.target !== not && isLessBusy(member, least)) least = member;
    }
    let turns = 0;
    let chosen = least;
    for (const member of members) {
      if (member.target === not || isLessBusy(least, member)) continue;
      member.owed += member.weight;
      turns += member.weight;
      if (member.owed > chosen.owed) chosen = member;
    }
    chosen.owed -= turns;
    return chosen.target;
  }
}

function isLessBusy(a: Member, b: Member): boolean {
  return a.target.callsInFlight * b.weight < b.target.callsInFlight * a.weight;
}
