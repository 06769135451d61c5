/** What the gateway at `--admin` expects of threads and hosts. */
import type { AdviceAnswer } from '../../planning/advice-answer.ts';
import type { AdviceQuestion } from '../../planning/advise.ts';
import { type AdminOptions, adminJson } from '../admin-client.ts';

/** @throws CommandFailure where the gateway is not reached, or refuses */
export function gatewayAdvice(
  options: AdminOptions,
  { mix, ...question }: AdviceQuestion,
): Promise<AdviceAnswer> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(question)) {
    if (value !== undefined) query.set(name, `${value}`);
  }
  if (mix !== undefined) {
    query.set('mix', [...mix].map(([kind, share]) => `${kind}=${share}`).join(','));
  }
  return adminJson(options, { path: `/v1/advice?${query}` });
}
