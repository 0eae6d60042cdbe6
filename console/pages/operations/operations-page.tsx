// Operations: one view at a time, each read when it is opened.

import { Page } from '../../components/page.tsx';
import { useFilters } from '../../lists/use-filters.ts';
import { Views } from '../../lists/views.tsx';
import { Audit } from './audit.tsx';
import { Clients } from './clients.tsx';
import { Doctor } from './doctor.tsx';
import { OverridesView } from './overrides.tsx';
import { Polls } from './polls.tsx';
import { TEXTS } from './texts.ts';

const ADDRESS = { open: ['view', 'site', 'since'], personal: [] } as const;
const VIEWS = Object.entries(TEXTS.views);

export function OperationsPage() {
  const filters = useFilters<(typeof ADDRESS.open)[number]>(ADDRESS);
  const { view = 'polls' } = filters.filters;
  return (
    <Page title={TEXTS.title} lead={TEXTS.lead}>
      <Views label={TEXTS.title} views={VIEWS} current={VIEWS.some(([name]) => name === view) ? view : 'polls'} />
      {view === 'doctor' && <Doctor />}
      {view === 'overrides' && <OverridesView />}
      {view === 'audit' && <Audit filters={filters} />}
      {view === 'clients' && <Clients />}
      {!['doctor', 'overrides', 'audit', 'clients'].includes(view) && <Polls />}
    </Page>
  );
}
