/** Which view is shown, as the fragment of the address: it can be linked to and gone back from. */
import { useEffect, useState } from 'preact/hooks';

export const VIEWS = ['overview', 'latency', 'threads', 'actions', 'advice', 'search'] as const;
export type ViewName = (typeof VIEWS)[number];

export interface PageAddress {
  readonly view: ViewName;
  /** What follows the view: for the search the id of a request, for advice what is asked. */
  readonly rest: string;
}

export function addressOf(hash: string): PageAddress {
  const [, name = '', ...rest] = hash.split('/');
  const view = VIEWS.find(one => one === name) ?? 'overview';
  return { view, rest: decoded(rest.join('/')) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Somebody's own percent sign: taken as it is.
    return text;
  }
}

export function usePageAddress(): PageAddress {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const read = () => setHash(location.hash);
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  return addressOf(hash);
}
