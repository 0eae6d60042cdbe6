// What was in force when and by whom, which versions are stored, and the lists of addresses that policies may name.

import { send } from '../../api/client.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { ReasonedAction } from '../../components/reasoned-action.tsx';
import { Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { When } from '../../components/when.tsx';
import type { PolicyOverview } from './policy-answers.ts';
import { TEXTS } from './texts.ts';
import { isProgram, shownWho } from './who.ts';

interface HistoryProps {
  readonly overview: PolicyOverview;
  readonly onChanged: () => void;
}

type Version = PolicyOverview['versions'][number];
type Activation = PolicyOverview['activations'][number];
type MacList = PolicyOverview['macLists'][number];

export function History({ overview, onChanged }: HistoryProps) {
  return (
    <>
      <Section title="Versions">
        <DataTable<Version>
          caption="Stored versions"
          quietCaption
          rows={overview.versions}
          rowKey={({ version }) => version}
          empty="No version is stored."
          columns={versionColumns(overview, onChanged)}
        />
      </Section>
      <div class="columns">
        <Section title="Activations">
          <DataTable<Activation & { readonly place: number }>
            caption="Activations, newest first"
            quietCaption
            rows={overview.activations.map((each, place) => ({ ...each, place })).toReversed()}
            rowKey={({ place }) => String(place)}
            empty="Nothing was activated: the built-in policy is in force."
            columns={[
              { key: 'at', title: 'When', rowHeader: true, cell: ({ at }) => <When at={at} form="exact" /> },
              { key: 'version', title: 'Version', cell: ({ version }) => <Foreign>{version}</Foreign> },
              { key: 'by', title: 'By', cell: ({ by }) => <Who by={by} /> },
            ]}
          />
        </Section>
        <Section title="Lists of MAC addresses">
          <DataTable<MacList>
            caption="Lists of MAC addresses that policies may name"
            quietCaption
            rows={overview.macLists}
            rowKey={({ name }) => name}
            empty="No list is stored."
            columns={[
              { key: 'name', title: 'List', rowHeader: true, cell: ({ name }) => <Foreign>{name}</Foreign> },
              {
                key: 'addresses',
                title: 'Addresses',
                numeric: true,
                cell: ({ addresses }) => addresses.toLocaleString('en'),
              },
              { key: 'created', title: 'Stored', cell: ({ createdAt }) => <When at={createdAt} form="exact" /> },
              { key: 'by', title: 'By', cell: ({ by }) => <Who by={by} /> },
            ]}
          />
        </Section>
      </div>
    </>
  );
}

function versionColumns(overview: PolicyOverview, onChanged: () => void): readonly Column<Version>[] {
  return [
    {
      key: 'version',
      title: 'Version',
      rowHeader: true,
      cell: ({ version }) => (
        <>
          <Foreign>{version}</Foreign> {version === overview.inForce && <Status kind="good">in force</Status>}
        </>
      ),
    },
    {
      key: 'created',
      title: 'Stored',
      cell: ({ createdAt }) => <When at={createdAt} form="exact" />,
      sortBy: ({ createdAt }) => createdAt,
    },
    { key: 'by', title: 'By', cell: ({ by }) => <Who by={by} /> },
    {
      key: 'do',
      title: 'Do',
      cell: ({ version }) => (
        <span class="buttons">
          <a class="button" href={`/console/policy?view=edit&from=${encodeURIComponent(version)}`}>
            Open
          </a>
          {version !== overview.inForce && <Activate version={version} overview={overview} onChanged={onChanged} />}
        </span>
      ),
    },
  ];
}

interface ActivateProps extends HistoryProps {
  readonly version: string;
}

function Activate({ version, overview: { inForce }, onChanged }: ActivateProps) {
  return (
    <ReasonedAction
      label={TEXTS.activate}
      needs="administer"
      name={`activate.${version}`}
      title={TEXTS.activateTitle(version)}
      consequence={<p>{TEXTS.rollBackConsequence(inForce, version)}</p>}
      run={async (reason) => {
        await send('POST', `/api/policies/${encodeURIComponent(version)}/activate`, { reason });
        onChanged();
        return TEXTS.activated(version);
      }}
    />
  );
}

function Who({ by }: { readonly by: string }) {
  return (
    <>
      <Foreign>{shownWho(by)}</Foreign> {isProgram(by) && <span class="tag">program</span>}
    </>
  );
}
