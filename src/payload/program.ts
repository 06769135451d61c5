/**
 * What workers compile once and keep: a program turns bytes into other bytes. Its source is JSON,
 * made by whoever knows what is wanted; `kind` says which sibling reads the rest.
 */
export interface Program {
  /**
   * Does `task`, in the program's own words, to `input`, which it must not keep.
   * @throws PayloadFault where the input is at fault
   */
  run(task: string, input: Uint8Array): Converted | Promise<Converted>;
}

export interface Converted {
  /** What there is to say about the bytes, in the program's own words; none has a line feed. */
  readonly fields: readonly string[];
  readonly bytes: Uint8Array;
}
