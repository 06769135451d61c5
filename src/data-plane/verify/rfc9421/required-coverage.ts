import { type Problem, problem } from '../../../core/problems.ts';
import { COVERS } from './component-list.ts';

/**
 * What a signature must cover so that nothing that decides a call can be changed: the method, the
 * whole target, and the body where there is one. `signature-coverage` names what is missing.
 *
 * The target is @target-uri, or @authority and @path with @query where there is a query. A bare
 * `?` is one: left uncovered, it could be added on the way.
 */
export function refuseCoverage(
  coverage: number,
  query: string,
  hasBody: boolean,
): Problem | undefined {
  let required: number = COVERS.method;
  if (hasBody) required |= COVERS.contentDigest;
  if ((coverage & COVERS.targetUri) === 0) {
    required |= COVERS.authority | COVERS.path;
    if (query !== '') required |= COVERS.query;
  }
  const missing = required & ~coverage;
  return missing === 0 ? undefined : problem('signature-coverage', describe(missing));
}

function describe(missing: number): string {
  const names: string[] = [];
  if ((missing & COVERS.method) !== 0) names.push('@method');
  const target: string[] = [];
  if ((missing & COVERS.authority) !== 0) target.push('@authority');
  if ((missing & COVERS.path) !== 0) target.push('@path');
  if ((missing & COVERS.query) !== 0) target.push('@query');
  if (target.length > 0) names.push(`@target-uri (or ${target.join(', ')})`);
  if ((missing & COVERS.contentDigest) !== 0) names.push('content-digest, without parameters');
  return `The signature must also cover ${names.join(' and ')}.`;
}
