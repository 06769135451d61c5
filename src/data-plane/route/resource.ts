import { type Problem, problem } from '../../core/problems.ts';
import type { OperationEntry } from '../../core/snapshot.ts';

/** What is at one path: its operations by method, and the refusal for every other method. */
export class Resource {
  readonly methods = new Map<string, OperationEntry>();
  private refusal: Problem | undefined = undefined;

  add(entry: OperationEntry): void {
    const { method, pathTemplate } = entry.operation;
    if (this.methods.get(method)?.operation.method === method) {
      throw new Error(`${method} ${pathTemplate} is in the snapshot twice`);
    }
    this.methods.set(method, entry);
    // RFC 9110 section 9.3.2: HEAD is GET without the content, so it goes where GET goes.
    if (method === 'GET' && !this.methods.has('HEAD')) this.methods.set('HEAD', entry);
  }

  copy(): Resource {
    return this.without(undefined);
  }

  /** The same operations, as another resource, without one of them. */
  without(removed: OperationEntry | undefined): Resource {
    const rest = new Resource();
    // Without those that only stand in for HEAD: `add` decides about them anew.
    for (const [method, entry] of this.methods) {
      if (entry !== removed && entry.operation.method === method) rest.add(entry);
    }
    return rest;
  }

  get isEmpty(): boolean {
    return this.methods.size === 0;
  }

  methodNotAllowed(): Problem {
    if (this.refusal === undefined) {
      const allow = [...this.methods.keys()].sort().join(', ');
      const detail = `This path supports ${allow}.`;
      this.refusal = problem('method-not-allowed', detail, ['allow', allow]);
    }
    return this.refusal;
  }
}
