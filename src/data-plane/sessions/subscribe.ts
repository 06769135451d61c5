/** The params of `subscribe`, `unsubscribe` and `cancel`, and who may subscribe to what. */
import { type Cursor, parseCursor } from '../../core/events.ts';
import { type Problem, problem } from '../../core/problems.ts';
import type { CompiledSnapshot, TopicRecord } from '../../core/snapshot.ts';
import type { RpcMessage } from './rpc.ts';

export interface SubscribeParams {
  readonly topicId: string;
  /** Undefined where the subscription starts with what comes next. */
  readonly after: Cursor | undefined;
}

export function readSubscribe({ params }: RpcMessage): SubscribeParams | Problem {
  const { topic, after } = params;
  if (typeof topic !== 'string') return problem('malformed-request', '"topic" is a string.');
  if (after === undefined) return { topicId: topic, after };
  const cursor = typeof after === 'string' ? parseCursor(after) : undefined;
  if (cursor !== undefined) return { topicId: topic, after: cursor };
  return problem('malformed-request', '"after" is a cursor as an event or a result brought it.');
}

/** The topic where the app may have it, or why not. */
export function entitledTopic(
  snapshot: CompiledSnapshot,
  appId: string,
  topicId: string,
): TopicRecord | Problem {
  const topic = snapshot.topics.get(topicId);
  if (topic === undefined) return problem('not-found', 'There is no such topic.');
  const grant = snapshot.grant(appId, topic.apiId);
  if (grant === undefined) {
    return problem('not-subscribed', `The app has no active subscription to ${topic.apiId}.`);
  }
  for (const scope of topic.scopes) {
    if (!grant.scopes.has(scope)) {
      return problem('scope-insufficient', `The subscription lacks the scope ${scope}.`);
    }
  }
  return topic;
}
