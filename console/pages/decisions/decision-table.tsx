// The table of decisions: one row each, newest first, and below each header the fields that filter its column.

import type { DecisionRecord } from '../../api/answers.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { MacAddress } from '../../components/mac-address.tsx';
import { Outcome } from '../../components/outcome.tsx';
import { Status } from '../../components/status.tsx';
import { spaced, standingKind } from '../../components/status-words.ts';
import { writeSpan } from '../../components/times.ts';
import { When } from '../../components/when.tsx';
import { FilterChoice, FilterText } from '../../lists/filter-fields.tsx';
import { macPart } from '../../lists/mac-part.ts';
import type { AddressFilters } from '../../lists/use-filters.ts';
import {
  ageSecondsOf,
  assuranceOf,
  deviceOf,
  identityOf,
  macOf,
  nasOf,
  placeOf,
  sourceOf,
  userOf,
} from './decision-columns.ts';
import type { DecisionFilter } from './decision-filters.ts';
import { ANSWERS, ASSURANCES, choiceWord, IDENTITIES, METHODS, READS, STANDINGS } from './filter-choices.ts';
import { TEXTS } from './texts.ts';

interface DecisionTableProps {
  readonly rows: readonly DecisionRecord[];
  readonly filters: AddressFilters<DecisionFilter>;
  readonly loading: boolean;
}

export function DecisionTable({ rows, filters, loading }: DecisionTableProps) {
  return (
    <DataTable
      caption={TEXTS.title}
      quietCaption
      columns={columns(filters)}
      rows={rows}
      rowKey={({ decision }) => decision.id}
      loading={loading}
      empty={loading ? TEXTS.loading : TEXTS.nothing}
    />
  );
}

function columns({ filters, set }: AddressFilters<DecisionFilter>): readonly Column<DecisionRecord>[] {
  const text = (name: DecisionFilter, label: string) => (
    <FilterText label={label} value={filters[name]} onChange={(value) => set({ [name]: value })} />
  );
  const choice = (name: DecisionFilter, label: string, choices: readonly (readonly [string, string])[]) => (
    <FilterChoice label={label} value={filters[name]} choices={choices} onChange={(value) => set({ [name]: value })} />
  );
  return [
    {
      key: 'time',
      title: TEXTS.time,
      rowHeader: true,
      cell: ({ decision }) => (
        <a href={`/console/decisions/${encodeURIComponent(decision.id)}`}>
          <When at={decision.decidedAt} />
        </a>
      ),
    },
    {
      key: 'answer',
      title: TEXTS.answer,
      cell: ({ decision }) => (
        <>
          <Outcome outcome={decision.outcome} /> {decision.observed && <span class="tag">{TEXTS.observed}</span>}{' '}
          {decision.override && <span class="tag">{TEXTS.override}</span>}
        </>
      ),
      filter: (
        <>
          {choice('decision', TEXTS.answer, ANSWERS)}
          {text('role', TEXTS.role)}
        </>
      ),
    },
    {
      key: 'device',
      title: TEXTS.device,
      cell: (row) => (
        <Two>
          <DeviceLink row={row} />
          <MacAddress mac={macOf(row)} />
        </Two>
      ),
      filter: (
        <FilterText
          label={TEXTS.deviceOrMac}
          value={filters.mac ?? filters.device}
          onChange={(value) =>
            set(macPart(value) !== undefined ? { mac: value, device: '' } : { device: value, mac: '' })
          }
        />
      ),
    },
    {
      key: 'user',
      title: TEXTS.user,
      cell: (row) => <Foreign>{userOf(row)}</Foreign>,
      filter: text('user', TEXTS.user),
    },
    { key: 'site', title: TEXTS.site, cell: ({ site }) => <Foreign>{site}</Foreign>, filter: text('site', TEXTS.site) },
    {
      key: 'place',
      title: TEXTS.nasAndPort,
      cell: (row) => (
        <Two>
          <Foreign>{nasOf(row)}</Foreign>
          <Foreign>{placeOf(row)}</Foreign>
        </Two>
      ),
      filter: (
        <>
          {text('nas', TEXTS.nas)}
          {text('port', TEXTS.port)}
        </>
      ),
    },
    {
      key: 'method',
      title: TEXTS.method,
      cell: ({ method, decision }) => <Foreign>{methodWords(decision.facts?.methods, method)}</Foreign>,
      filter: choice('method', TEXTS.method, METHODS),
    },
    {
      key: 'identity',
      title: TEXTS.identity,
      cell: (row) => (
        <Two>
          <span>{choiceWord(IDENTITIES, identityOf(row)) || '–'}</span>
          <span>{choiceWord(ASSURANCES, assuranceOf(row))}</span>
        </Two>
      ),
      filter: (
        <>
          {choice('identity', TEXTS.identity, IDENTITIES)}
          {choice('assurance', TEXTS.assurance, ASSURANCES)}
        </>
      ),
    },
    {
      key: 'rule',
      title: TEXTS.rule,
      cell: ({ decision }) => (
        <Two>
          <Foreign>{decision.rule}</Foreign>
          <Foreign>{decision.policyVersion}</Foreign>
        </Two>
      ),
      filter: (
        <>
          {text('rule', TEXTS.rule)}
          {text('policy', TEXTS.policyVersion)}
        </>
      ),
    },
    {
      key: 'standing',
      title: TEXTS.standing,
      cell: ({ decision }) => <Status kind={standingKind(decision.standing)}>{spaced(decision.standing)}</Status>,
      filter: choice('standing', TEXTS.standing, STANDINGS),
    },
    {
      key: 'source',
      title: TEXTS.source,
      cell: (row) => <Foreign>{sourceOf(row)}</Foreign>,
      filter: choice('source', TEXTS.source, READS),
    },
    {
      key: 'age',
      title: TEXTS.age,
      numeric: true,
      cell: (row) => {
        const age = ageSecondsOf(row);
        return age === undefined ? '–' : writeSpan(age * 1_000);
      },
      filter: text('age', TEXTS.olderThan),
    },
  ];
}

function methodWords(methods: readonly string[] | undefined, method = ''): string {
  return (methods ?? [method]).map((word) => choiceWord(METHODS, word)).join(', ');
}

/** Two lines in one cell: what is looked for, and what stands beside it. */
function Two({ children }: { readonly children: preact.ComponentChildren }) {
  return <span class="two">{children}</span>;
}

function DeviceLink({ row }: { readonly row: DecisionRecord }) {
  const { device } = row.decision;
  if (device === undefined) return <span class="muted">{TEXTS.noDevice}</span>;
  return (
    <a href={`/console/devices/${encodeURIComponent(device.id)}`}>
      <Foreign>{deviceOf(row)}</Foreign>
    </a>
  );
}
