/** From a figure to the calls behind it. */
import { RequestDetails } from './search/request-details.tsx';
import { RequestList } from './search/request-list.tsx';
import { TopPanel } from './search/top-panel.tsx';

export function SearchView({ rest }: { readonly rest: string }) {
  return (
    <>
      <RequestDetails id={rest} key={rest} />
      <div class="charts list-and-top">
        <RequestList />
        <TopPanel />
      </div>
    </>
  );
}
