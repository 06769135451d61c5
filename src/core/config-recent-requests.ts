/** What the configuration says of the access records that main keeps for searches. */
import Type from 'typebox';

const WITH_ACCESS_LOG_BYTES = 33_554_432;
const MAX_BYTES = 1_073_741_824;

export const recentRequestsOption = Type.Optional(
  Type.Integer({
    description:
      'Memory for the access records that operators search (docs/requests.md); 0 keeps none. ' +
      `Absent it is ${WITH_ACCESS_LOG_BYTES} with the access log, and 0 without it.`,
    minimum: 0,
    maximum: MAX_BYTES,
  }),
);

interface Recording {
  readonly accessLog: boolean;
  readonly recentRequestsMaxBytes?: number;
}

/**
 * Bytes of records that main keeps; 0 where none are. With the access log the fronts make the
 * records anyway. Without it they would be made for this alone, at 2 % of the CPU time of a small
 * call: that is for the operator to ask for.
 */
export function recentRequestsMaxBytes(config: Recording): number {
  return config.recentRequestsMaxBytes ?? (config.accessLog ? WITH_ACCESS_LOG_BYTES : 0);
}

/** Whether fronts make a record of each exchange. */
export function areRecordsMade(config: Recording): boolean {
  return config.accessLog || recentRequestsMaxBytes(config) > 0;
}
