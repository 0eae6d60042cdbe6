// The polls of every source: how the newest runs went, what is under way, what waits for a person.

import type { PollStatus } from '../../api/answers.ts';
import { send } from '../../api/client.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Problem } from '../../components/problem.tsx';
import { ReasonedAction } from '../../components/reasoned-action.tsx';
import { Fields, Notice, Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { writeSpan } from '../../components/times.ts';
import { When } from '../../components/when.tsx';
import { overview } from '../../shell/overview-polling.ts';
import { TEXTS } from './texts.ts';

type SourcePoll = Omit<PollStatus, 'otherSources'>;
type Run = PollStatus['runs'][number];

export function Polls() {
  const { data, error, loading, reload } = useAnswer<PollStatus>('/api/poll');
  const first = overview.value?.freshness[0]?.source ?? 'First source';
  return (
    <>
      <div class="list-head">
        <ReasonedAction
          label={TEXTS.sweep}
          needs="administer"
          reasonOptional
          name="sweep"
          title={TEXTS.sweepTitle}
          consequence={<p>{TEXTS.sweepConsequence}</p>}
          run={async (reason) => {
            const { sweep } = await send<{ readonly sweep: string }>('POST', '/api/poll/sweep', { reason });
            reload();
            return sweep === 'under-way' ? TEXTS.sweepUnderWay : TEXTS.sweepAsked;
          }}
        />
        <button type="button" onClick={reload} disabled={loading}>
          {loading ? TEXTS.loading : TEXTS.reload}
        </button>
      </div>
      <Problem error={error} onRetry={reload} older={data !== undefined} />
      {data && <Source name={first} poll={data} />}
      {Object.entries(data?.otherSources ?? {}).map(([name, poll]) => (
        <Source key={name} name={name} poll={poll} />
      ))}
    </>
  );
}

function Source({ name, poll }: { readonly name: string; readonly poll: SourcePoll }) {
  const { lastComplete, underWay, retryAt, stretch, fleetIndex, held, changedDevices, noncompliantList, refresh } =
    poll;
  const credential = overview.value?.credentials.find(({ source }) => source === name);
  return (
    <Section title={name}>
      <div class="stack">
        {held.length > 0 && (
          <Notice kind="held">
            <p>
              {held.length === 1 ? 'A run is held' : `${held.length} runs are held`}:{' '}
              {held.at(-1)?.changing.toLocaleString('en')} devices would change.{' '}
              <a href="/console/">Release or refuse it on the overview</a>
            </p>
          </Notice>
        )}
        <Fields
          fields={[
            ['Last full sweep', lastComplete ? <When at={lastComplete.startedAt} form="both" /> : 'none yet'],
            ['Devices', lastComplete?.devices.toLocaleString('en')],
            [
              'Under way',
              underWay && (
                <>
                  since <When at={underWay.startedAt} />, {underWay.devices.toLocaleString('en')} devices,{' '}
                  {underWay.pages} pages
                </>
              ),
            ],
            ['No attempt before', retryAt && <When at={retryAt} form="both" />],
            ['Polling intervals between runs', stretch === 1 ? undefined : String(stretch)],
            [
              'Fleet index',
              fleetIndex &&
                `${fleetIndex.devices.toLocaleString('en')} devices, ${Math.round(fleetIndex.percent)} % full`,
            ],
            [
              'Changed devices read up to',
              changedDevices?.watermark && <When at={changedDevices.watermark} form="both" />,
            ],
            [
              'Failures between sweeps',
              changedDevices && changedDevices.failures > 0 ? String(changedDevices.failures) : undefined,
            ],
            [
              'List of noncompliant devices',
              noncompliantList?.lastComplete && <When at={noncompliantList.lastComplete.askedAt} form="both" />,
            ],
            [
              'Round through devices',
              refresh?.lastComplete && <When at={refresh.lastComplete.startedAt} form="both" />,
            ],
            [
              'Credential',
              credential && (
                <>
                  {credential.kind}
                  {credential.daysLeft !== undefined && `, ${Math.floor(credential.daysLeft)} days left`}
                </>
              ),
            ],
          ]}
        />
        <DataTable
          caption={`Newest runs of ${name}`}
          rows={poll.runs}
          rowKey={({ id }) => id}
          columns={RUN_COLUMNS}
          empty="No run has ended yet."
        />
      </div>
    </Section>
  );
}

const RESULTS = { complete: 'good', partial: 'warn', failed: 'bad' } as const;
const count = (title: string, of: (run: Run) => number | undefined): Column<Run> => ({
  key: title,
  title,
  numeric: true,
  cell: (run) => of(run)?.toLocaleString('en') ?? '–',
});

const RUN_COLUMNS: readonly Column<Run>[] = [
  { key: 'started', title: 'Began', rowHeader: true, cell: ({ startedAt }) => <When at={startedAt} form="exact" /> },
  { key: 'result', title: 'Result', cell: ({ result }) => <Status kind={RESULTS[result]}>{result}</Status> },
  {
    key: 'took',
    title: 'Took',
    numeric: true,
    cell: ({ startedAt, finishedAt }) => writeSpan(Date.parse(finishedAt) - Date.parse(startedAt)),
  },
  count('Devices', ({ devices }) => devices),
  count('Turned', ({ turned }) => turned),
  count('Gone', ({ gone }) => gone),
  count('Held', ({ held }) => held),
  count('Unreadable', ({ rejected }) => rejected),
  count('Throttled', ({ throttled }) => throttled),
  count('Failures', ({ failures }) => failures),
  { key: 'id', title: 'Run', cell: ({ id }) => <Foreign>{id}</Foreign> },
];
