/** From a figure to the calls behind it. */
import { useState } from 'preact/hooks';
import { RequestDetails } from './search/request-details.tsx';
import { EVERY_REQUEST, RequestList, type Wanted } from './search/request-list.tsx';
import { TopPanel } from './search/top-panel.tsx';

export function SearchView({ rest }: { readonly rest: string }) {
  const [wanted, setWanted] = useState<Wanted>(EVERY_REQUEST);
  return (
    <>
      <RequestDetails id={rest} key={rest} />
      <div class="charts list-and-top">
        <RequestList wanted={wanted} want={setWanted} />
        <TopPanel
          show={(kind, name, order) => setWanted({ ...EVERY_REQUEST, [kind]: name, order })}
        />
      </div>
    </>
  );
}
