// The table of sessions, with a filter below each header that can have one.

import type { ShownSession } from '../../../shared/http/schemas/session.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { MacAddress } from '../../components/mac-address.tsx';
import { Outcome } from '../../components/outcome.tsx';
import { Status } from '../../components/status.tsx';
import { When } from '../../components/when.tsx';
import { FilterChoice, FilterText } from '../../lists/filter-fields.tsx';
import type { AddressFilters } from '../../lists/use-filters.ts';
import type { SessionFilter } from './session-filters.ts';
import { enforcedWords, proofWords } from './session-words.ts';
import { TEXTS } from './texts.ts';

interface SessionTableProps {
  readonly rows: readonly ShownSession[];
  readonly filters: AddressFilters<SessionFilter>;
  readonly loading: boolean;
}

export function SessionTable({ rows, filters, loading }: SessionTableProps) {
  return (
    <DataTable
      caption={TEXTS.title}
      quietCaption
      columns={columns(filters)}
      rows={rows}
      rowKey={({ id }) => id}
      loading={loading}
      empty={loading ? TEXTS.loading : TEXTS.nothing}
    />
  );
}

function columns({ filters, set }: AddressFilters<SessionFilter>): readonly Column<ShownSession>[] {
  const text = (name: SessionFilter, label: string) => (
    <FilterText label={label} value={filters[name]} onChange={(value) => set({ [name]: value })} />
  );
  const choice = (name: SessionFilter, label: string, choices: readonly (readonly [string, string])[]) => (
    <FilterChoice label={label} value={filters[name]} choices={choices} onChange={(value) => set({ [name]: value })} />
  );
  return [
    {
      key: 'station',
      title: 'Station',
      rowHeader: true,
      cell: (row) => (
        <span class="two">
          <Device row={row} />
          <MacAddress mac={row.mac} />
        </span>
      ),
      filter: text('station', 'Device or MAC'),
    },
    { key: 'user', title: 'User', cell: ({ userName }) => <Foreign>{userName}</Foreign>, filter: text('user', 'User') },
    { key: 'site', title: 'Site', cell: ({ site }) => <Foreign>{site}</Foreign>, filter: text('site', 'Site') },
    {
      key: 'place',
      title: 'NAS, port or SSID',
      cell: ({ nasIdentifier, nasIpAddress, nasIpv6Address, packetSourceIp, ssids = [], nasPortId }) => (
        <span class="two">
          <Foreign>{nasIdentifier ?? nasIpAddress ?? nasIpv6Address ?? packetSourceIp}</Foreign>
          <Foreign>{ssids.length > 0 ? ssids.join(', ') : nasPortId}</Foreign>
        </span>
      ),
      filter: text('nas', 'NAS'),
    },
    {
      key: 'given',
      title: 'Answer given',
      cell: ({ answer }) => (
        <span class="two">
          <Outcome outcome={answer.outcome} />
          <a href={`/console/decisions/${encodeURIComponent(answer.decisionId)}`}>
            <Foreign>{answer.rule}</Foreign>, <When at={answer.decidedAt} />
          </a>
        </span>
      ),
      filter: text('rule', 'Rule'),
    },
    {
      key: 'wanted',
      title: 'Wanted',
      cell: ({ wanted }) => (
        <span class="two">
          <Outcome outcome={wanted?.outcome} />
          {wanted && <Foreign>{wanted.override === undefined ? wanted.rule : `override ${wanted.override}`}</Foreign>}
        </span>
      ),
    },
    {
      key: 'enforced',
      title: 'Enforced',
      cell: ({ enforced }) => {
        const { kind, word } = enforcedWords(enforced);
        return <Status kind={kind}>{word}</Status>;
      },
    },
    {
      key: 'proof',
      title: 'Proven',
      cell: ({ proof }) => {
        const { kind, word, means } = proofWords(proof);
        return (
          <Status kind={kind} title={means}>
            {word}
          </Status>
        );
      },
      filter: choice('proof', 'Proof', [
        ['proven', 'proven'],
        ['older-answer', 'older answer'],
        ['no-class', 'no Class'],
        ['no-accounting', 'no accounting'],
      ]),
    },
    {
      key: 'life',
      title: 'Last sign of life',
      cell: ({ live, lastSignAt, since }) => (
        <span class="two">
          <span>
            <When at={lastSignAt} /> {!live && <span class="tag">over</span>}
          </span>
          {since && (
            <span>
              since <When at={since} form="exact" />
            </span>
          )}
        </span>
      ),
      filter: choice('live', 'Live', [
        ['true', 'live'],
        ['false', 'over'],
      ]),
    },
    {
      key: 'see',
      title: 'See',
      cell: ({ id, site }) => (
        <span class="two">
          <a href={`/console/decisions?${new URLSearchParams({ session: id, since: '7d' })}`}>decisions</a>
          <a href={`/console/jobs?${new URLSearchParams({ session: id, site, since: '7d' })}`}>jobs</a>
        </span>
      ),
    },
  ];
}

function Device({ row: { device, deviceName } }: { readonly row: ShownSession }) {
  if (device === undefined) return <span class="muted">no device</span>;
  return (
    <a href={`/console/devices/${encodeURIComponent(device.id)}`}>
      <Foreign>{deviceName ?? device.id}</Foreign>
    </a>
  );
}
