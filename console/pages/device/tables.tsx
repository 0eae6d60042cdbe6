// The lists of a device: what identifies it, its sessions, its decisions.

import type { DecisionRecord, DeviceView, ShownSession } from '../../api/answers.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { MacAddress } from '../../components/mac-address.tsx';
import { Outcome } from '../../components/outcome.tsx';
import { Status } from '../../components/status.tsx';
import { spaced, standingKind } from '../../components/status-words.ts';
import { When } from '../../components/when.tsx';
import { DEVICE_TEXTS as TEXTS } from '../device-texts.ts';
import { placeOf } from './place.ts';

type Identity = DeviceView['identities'][number];

const IDENTITIES: readonly Column<Identity>[] = [
  { key: 'kind', title: TEXTS.identity, rowHeader: true, cell: ({ kind }) => spaced(kind) },
  {
    key: 'value',
    title: TEXTS.value,
    cell: ({ kind, value }) => (kind === 'mac' ? <MacAddress mac={value} /> : <Foreign>{value}</Foreign>),
  },
  { key: 'assurance', title: TEXTS.assurance, cell: ({ assurance }) => spaced(assurance) },
  {
    key: 'also',
    title: TEXTS.alsoOf,
    cell: ({ alsoOf }) =>
      alsoOf.map((id) => (
        <a key={id} href={`/console/devices/${encodeURIComponent(id)}`}>
          {id}
        </a>
      )),
  },
];

const SESSIONS: readonly Column<ShownSession>[] = [
  {
    key: 'live',
    title: TEXTS.connection,
    cell: ({ live, enforced }) => (
      <>
        <Status kind={live ? 'good' : 'none'}>{live ? TEXTS.live : TEXTS.over}</Status>
        {enforced === false && (
          <>
            {' '}
            <Status kind="bad">{TEXTS.notEnforced}</Status>
          </>
        )}
      </>
    ),
  },
  { key: 'site', title: TEXTS.site, cell: ({ site }) => site, sortBy: ({ site }) => site },
  { key: 'place', title: TEXTS.place, rowHeader: true, cell: (session) => <Foreign>{placeOf(session)}</Foreign> },
  { key: 'mac', title: TEXTS.station, cell: ({ mac }) => <MacAddress mac={mac} /> },
  {
    key: 'answer',
    title: TEXTS.answer,
    cell: ({ answer }) => (
      <a href={`/console/decisions/${encodeURIComponent(answer.decisionId)}`}>
        <Outcome outcome={answer.outcome} />
      </a>
    ),
  },
  { key: 'wanted', title: TEXTS.wanted, cell: ({ wanted }) => <Outcome outcome={wanted?.outcome} /> },
  { key: 'proof', title: TEXTS.proof, cell: ({ proof }) => TEXTS.proofs[proof] },
  {
    key: 'last',
    title: TEXTS.lastSign,
    cell: ({ lastSignAt }) => <When at={lastSignAt} />,
    sortBy: ({ lastSignAt }) => lastSignAt,
  },
];

const DECISIONS: readonly Column<DecisionRecord>[] = [
  {
    key: 'at',
    title: TEXTS.when,
    rowHeader: true,
    cell: ({ decision }) => (
      <a href={`/console/decisions/${encodeURIComponent(decision.id)}`}>
        <When at={decision.decidedAt} />
      </a>
    ),
    sortBy: ({ decision }) => decision.decidedAt,
  },
  { key: 'outcome', title: TEXTS.answer, cell: ({ decision }) => <Outcome outcome={decision.outcome} /> },
  {
    key: 'standing',
    title: TEXTS.state,
    cell: ({ decision }) => <Status kind={standingKind(decision.standing)}>{spaced(decision.standing)}</Status>,
  },
  { key: 'rule', title: TEXTS.rule, cell: ({ decision }) => <Foreign>{decision.rule}</Foreign> },
  { key: 'site', title: TEXTS.site, cell: ({ site }) => site },
  { key: 'place', title: TEXTS.place, cell: (record) => <Foreign>{placeOf(record)}</Foreign> },
];

export function IdentityTable({ rows }: { readonly rows: readonly Identity[] }) {
  return (
    <DataTable
      caption={TEXTS.identities}
      quietCaption
      columns={IDENTITIES}
      rows={rows}
      rowKey={({ kind, value }) => `${kind}|${value}`}
      empty={TEXTS.noIdentities}
    />
  );
}

export function SessionTable({ rows }: { readonly rows: readonly ShownSession[] }) {
  return (
    <DataTable
      caption={TEXTS.sessions}
      quietCaption
      columns={SESSIONS}
      rows={rows}
      rowKey={({ site, id }) => `${site}|${id}`}
      empty={TEXTS.noSessions}
    />
  );
}

export function DecisionTable({ rows }: { readonly rows: readonly DecisionRecord[] }) {
  return (
    <DataTable
      caption={TEXTS.decisions}
      quietCaption
      columns={DECISIONS}
      rows={rows}
      rowKey={({ decision }) => decision.id}
      empty={TEXTS.noDecisions}
    />
  );
}
