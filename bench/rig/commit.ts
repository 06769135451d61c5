/** Whether a recorded commit says which tree was measured: not outside git, not with changes. */
export function namesOneTree(commit: string): boolean {
  return commit !== '' && !commit.endsWith('+changes');
}
