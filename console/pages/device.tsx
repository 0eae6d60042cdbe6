// Device: why does it have the access that it has, and what can be done? What a person on the phone needs stands first.

import { useLocation, useRoute } from 'preact-iso/router';
import type { DeviceView } from '../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';
import { CopyForTicket, type TicketLines, ticketMoment } from '../components/copy-for-ticket.tsx';
import { Foreign } from '../components/foreign.tsx';
import { plainForeign } from '../components/foreign-text.ts';
import { Page } from '../components/page.tsx';
import { Problem } from '../components/problem.tsx';
import { Notice, Section } from '../components/section.tsx';
import type { StatusKind } from '../components/status.tsx';
import { spaced, standingKind } from '../components/status-words.ts';
import { When } from '../components/when.tsx';
import { usePolling } from '../shell/polling.ts';
import { TEXTS as SHELL } from '../texts.ts';
import { DeviceActions } from './device/actions.tsx';
import { DeviceJobs } from './device/jobs.tsx';
import { DeviceOverrides } from './device/overrides.tsx';
import { placeOf } from './device/place.ts';
import { DeviceRecords } from './device/records.tsx';
import { DecisionTable, IdentityTable, SessionTable } from './device/tables.tsx';
import { WhatItGets } from './device/what-it-gets.tsx';
import { DEVICE_TEXTS as TEXTS } from './device-texts.ts';

export function DevicePage() {
  const { params } = useRoute();
  const { url } = useLocation();
  const id = params['id'] ?? '';
  const { data, error, loading, reload } = useAnswer<DeviceView>(`/api/devices/${encodeURIComponent(id)}`);
  usePolling(async () => {
    if (!loading) reload();
  });
  const name = data?.name ?? data?.id ?? id;
  return (
    <Page
      title={`${TEXTS.title} ${plainForeign(name)}`}
      heading={<Foreign>{name}</Foreign>}
      lead={
        data && (
          <>
            {data.source} · <code>{data.id}</code> · {SHELL.ageOfPage.toLowerCase()} <When at={data.at} />
          </>
        )
      }
      actions={
        data && (
          <>
            <DeviceActions key={url} device={data} onChange={reload} />
            <CopyForTicket lines={() => ticketLines(data)} />
          </>
        )
      }
    >
      <Problem error={error} onRetry={reload} older={data !== undefined} />
      {data === undefined && error === undefined && <p class="muted">{SHELL.loading}</p>}
      {data !== undefined && <Inside device={data} onChange={reload} />}
    </Page>
  );
}

function Inside({ device, onChange }: { readonly device: DeviceView; readonly onChange: () => void }) {
  const { advice } = device;
  return (
    <>
      <Notice kind={adviceKind(device)}>
        <h2>{TEXTS.advice}</h2>
        <p class="advice">
          <Foreign>{advice.sentence}</Foreign>
        </p>
        <p>
          <strong>{TEXTS.next}:</strong> <Foreign>{advice.next}</Foreign>
          {advice.who !== 'none' && (
            <>
              {' '}
              <strong>{TEXTS.who}:</strong> {advice.who}.
            </>
          )}
        </p>
      </Notice>
      {!device.complete && <Notice kind="warn">{TEXTS.incomplete}</Notice>}
      <div class="columns">
        <Section title={TEXTS.standing}>
          <DeviceRecords records={device.records} />
        </Section>
        <Section title={TEXTS.identities}>
          <IdentityTable rows={device.identities} />
        </Section>
      </div>
      <Section title={TEXTS.sessions}>
        <SessionTable rows={device.sessions} />
      </Section>
      <div class="columns">
        <Section title={TEXTS.jobs}>
          <DeviceJobs jobs={device.jobs} />
        </Section>
        <Section title={TEXTS.overrides}>
          <DeviceOverrides overrides={device.overrides} onChange={onChange} />
        </Section>
      </div>
      <Section title={TEXTS.whatIf}>
        <WhatItGets key={device.id} id={device.id} site={device.sessions[0]?.site} />
      </Section>
      <Section title={TEXTS.decisions}>
        <DecisionTable rows={device.decisions} />
      </Section>
    </>
  );
}

/** As the standing that the page was asked for: the first record. */
function adviceKind({ records }: DeviceView): StatusKind {
  return standingKind(records[0]?.standing ?? '');
}

function ticketLines(device: DeviceView): TicketLines {
  const [record] = device.records;
  const live = device.sessions.find((session) => session.live);
  return [
    [TEXTS.ticketDevice, device.name],
    ['Id', device.id],
    [TEXTS.user, record?.says.userPrincipalName],
    [TEXTS.ticketStanding, record && spaced(record.standing)],
    [TEXTS.age, ticketMoment(record?.asOf)],
    [TEXTS.site, live?.site],
    [TEXTS.place, live && placeOf(live)],
    [TEXTS.station, live?.mac],
    [TEXTS.rule, live?.answer.rule],
    [TEXTS.ticketAdvice, device.advice.sentence],
    [TEXTS.next, device.advice.next],
  ];
}
