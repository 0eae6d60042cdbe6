// Clients: who may ask with a key, when each asked last, and how old its key is.

import type { ClientList } from '../../../shared/http/schemas/client.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Problem } from '../../components/problem.tsx';
import { Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { When } from '../../components/when.tsx';
import { TEXTS } from './texts.ts';

type Client = ClientList['clients'][number];

export function Clients() {
  const { data, error, loading, reload } = useAnswer<ClientList>('/api/clients');
  return (
    <Section title={TEXTS.views.clients} aside={<span class="muted">{TEXTS.clientsNote}</span>}>
      <Problem error={error} onRetry={reload} older={data !== undefined} />
      <DataTable
        caption={TEXTS.views.clients}
        quietCaption
        rows={data?.clients ?? []}
        rowKey={({ name }) => name}
        loading={loading}
        empty={loading ? TEXTS.loading : 'There is no client.'}
        columns={COLUMNS}
      />
    </Section>
  );
}

const COLUMNS: readonly Column<Client>[] = [
  {
    key: 'name',
    title: 'Client',
    rowHeader: true,
    cell: ({ name }) => <Foreign>{name}</Foreign>,
    sortBy: ({ name }) => name,
  },
  { key: 'kind', title: 'Kind', cell: ({ kind }) => kind, sortBy: ({ kind }) => kind },
  {
    key: 'site',
    title: 'Site',
    cell: ({ site }) => <Foreign>{site ?? 'every site'}</Foreign>,
    sortBy: ({ site }) => site,
  },
  {
    key: 'state',
    title: 'Keys',
    cell: ({ keys }) => (keys > 1 ? <Status kind="warn">two keys</Status> : <Status kind="good">one key</Status>),
  },
  {
    key: 'asked',
    title: 'Asked last',
    cell: ({ lastAskedAt }) => (lastAskedAt ? <When at={lastAskedAt} /> : 'not known'),
    sortBy: ({ lastAskedAt }) => lastAskedAt,
  },
  {
    key: 'key',
    title: 'Key of',
    cell: ({ keyMadeAt }) => <When at={keyMadeAt} form="both" />,
    sortBy: ({ keyMadeAt }) => keyMadeAt,
  },
];
