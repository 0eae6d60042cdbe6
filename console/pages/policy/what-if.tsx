// What a draft would change: how many stations and devices, at which sites, by which rules, who, and how long it takes.

import { type Column, DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { MacAddress } from '../../components/mac-address.tsx';
import { Outcome } from '../../components/outcome.tsx';
import { Figure, Figures, Notice, Section } from '../../components/section.tsx';
import {
  changesByRule,
  changesBySite,
  type RuleChange,
  type SiteChange,
  spelledSeconds,
  type WhatIfReport,
} from './what-if-words.ts';

interface WhatIfProps {
  readonly report: WhatIfReport;
  /** False once the draft was changed. */
  readonly isCurrent: boolean;
}

type Example = WhatIfReport['sessions']['examples'][number];

export function WhatIf({ report, isCurrent }: WhatIfProps) {
  const { sessions, fleet, enforcing, complete } = report;
  return (
    <Section title="What the draft would change">
      <div class="stack">
        {!isCurrent && (
          <Notice kind="warn">
            <p>The draft was changed since: compare it again.</p>
          </Notice>
        )}
        {!complete && (
          <Notice kind="warn">
            <p>The time ran out: the figures are of what was looked at by then.</p>
          </Notice>
        )}
        <Figures>
          <Figure
            label="Connected stations"
            value={sessions.changing.toLocaleString('en')}
            note={`of ${sessions.looked.toLocaleString('en')} get another answer`}
            kind={sessions.changing > 0 ? 'warn' : 'good'}
          />
          <Figure
            label="Stored devices"
            value={fleet.changing.toLocaleString('en')}
            note={`of ${fleet.looked.toLocaleString('en')}, would they ask ${fleet.assumed.site === '' ? 'now' : `at ${fleet.assumed.site}`}`}
            kind={fleet.changing > 0 ? 'warn' : 'good'}
          />
          <Figure
            label="Until the last CoA is out"
            value={sessions.changing === 0 ? '–' : spelledSeconds(enforcing.seconds)}
            note={`${enforcing.assumed.inFlightPerSite} jobs at a time and site`}
          />
        </Figures>
        {sessions.changing + fleet.changing > 0 && <Changes report={report} />}
      </div>
    </Section>
  );
}

function Changes({ report }: { readonly report: WhatIfReport }) {
  const { sessions, fleet } = report;
  return (
    <>
      <div class="columns">
        <DataTable<SiteChange>
          caption="By site"
          rows={changesBySite(report)}
          rowKey={({ site }) => site}
          empty="No connected station gets another answer."
          columns={[
            { key: 'site', title: 'Site', rowHeader: true, cell: ({ site }) => <Foreign>{site}</Foreign> },
            { key: 'sessions', title: 'Stations', numeric: true, cell: (row) => row.sessions.toLocaleString('en') },
            {
              key: 'time',
              title: 'CoAs take',
              numeric: true,
              cell: ({ seconds }) => (seconds === undefined ? '–' : spelledSeconds(seconds)),
            },
          ]}
        />
        <DataTable<RuleChange>
          caption="By rule, now and then"
          rows={changesByRule(report)}
          rowKey={({ from, to }) => `${from} -> ${to}`}
          columns={[
            { key: 'from', title: 'Rule now', rowHeader: true, cell: ({ from }) => <Foreign>{from}</Foreign> },
            { key: 'to', title: 'Rule then', cell: ({ to }) => <Foreign>{to}</Foreign> },
            { key: 'sessions', title: 'Stations', numeric: true, cell: (row) => row.sessions.toLocaleString('en') },
            { key: 'devices', title: 'Devices', numeric: true, cell: (row) => row.devices.toLocaleString('en') },
          ]}
        />
      </div>
      <Examples caption="Stations" rows={sessions.examples} of={sessions.changing} />
      <Examples caption="Devices" rows={fleet.examples} of={fleet.changing} />
    </>
  );
}

interface ExamplesProps {
  readonly caption: string;
  readonly rows: readonly Example[];
  readonly of: number;
}

function Examples({ caption, rows, of }: ExamplesProps) {
  if (rows.length === 0) return null;
  const title =
    rows.length < of ? `${caption}: the first ${rows.length} of ${of.toLocaleString('en')}` : `${caption}: all ${of}`;
  return (
    <details>
      <summary>{title}</summary>
      <DataTable<Example>
        caption={title}
        quietCaption
        rows={rows}
        rowKey={({ session, device, mac }) => `${session} ${device} ${mac}`}
        columns={EXAMPLE_COLUMNS}
      />
    </details>
  );
}

const EXAMPLE_COLUMNS: readonly Column<Example>[] = [
  {
    key: 'who',
    title: 'Who',
    rowHeader: true,
    cell: ({ name, device, userName }) => (
      <span class="two">
        <DeviceLink device={device} name={name} />
        {userName !== undefined && <Foreign>{userName}</Foreign>}
      </span>
    ),
  },
  { key: 'mac', title: 'MAC address', cell: ({ mac }) => <MacAddress mac={mac} /> },
  { key: 'site', title: 'Site', cell: ({ site }) => <Foreign>{site}</Foreign> },
  { key: 'from', title: 'Now', cell: ({ from }) => <Side side={from} /> },
  { key: 'to', title: 'Then', cell: ({ to }) => <Side side={to} /> },
];

function Side({ side: { rule, outcome } }: { readonly side: Example['from'] }) {
  return (
    <span class="two">
      <Outcome outcome={outcome} />
      <Foreign>{rule}</Foreign>
    </span>
  );
}

/** @param device `<source>|<id>` */
function DeviceLink({ device, name }: { readonly device: string | undefined; readonly name: string | undefined }) {
  if (device === undefined) return <Foreign>{name}</Foreign>;
  const id = device.slice(device.indexOf('|') + 1);
  return (
    <a href={`/console/devices/${encodeURIComponent(id)}`}>
      <Foreign>{name ?? id}</Foreign>
    </a>
  );
}
