// Overrides: what decides in place of policy, since when, why, and until when; made and ended here.

import type { Override, Overrides } from '../../api/answers.ts';
import { send } from '../../api/client.ts';
import { useAnswer } from '../../api/use-answer.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { plainForeign } from '../../components/foreign-text.ts';
import { MacAddress } from '../../components/mac-address.tsx';
import { Problem } from '../../components/problem.tsx';
import { ReasonedAction } from '../../components/reasoned-action.tsx';
import { Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { When } from '../../components/when.tsx';
import { shownWho } from '../policy/who.ts';
import { MakeOverride } from './make-override.tsx';
import { TEXTS } from './texts.ts';

export function OverridesView() {
  const { data, error, loading, reload } = useAnswer<Overrides>('/api/overrides');
  return (
    <Section title={TEXTS.views.overrides} aside={<MakeOverride onChanged={reload} />}>
      <Problem error={error} onRetry={reload} older={data !== undefined} />
      <DataTable
        caption={TEXTS.views.overrides}
        quietCaption
        rows={data?.overrides ?? []}
        rowKey={({ id }) => id}
        loading={loading}
        empty={loading ? TEXTS.loading : 'There is no override: policy alone decides.'}
        columns={columns(reload)}
      />
    </Section>
  );
}

function columns(onChanged: () => void): readonly Column<Override>[] {
  return [
    { key: 'about', title: 'About', rowHeader: true, cell: (row) => <About override={row} /> },
    {
      key: 'effect',
      title: 'Effect',
      cell: ({ block, role }) =>
        block ? (
          <Status kind="bad">block</Status>
        ) : (
          <span>
            <Status kind="good">let on</Status> <Foreign>{role}</Foreign>
          </span>
        ),
    },
    {
      key: 'state',
      title: 'State',
      cell: ({ inForce, endedAt }) =>
        inForce ? (
          <Status kind="info">in force</Status>
        ) : (
          <Status kind="none">{endedAt ? 'ended early' : 'over'}</Status>
        ),
      sortBy: ({ inForce }) => (inForce ? 0 : 1),
    },
    { key: 'site', title: 'Site', cell: ({ site }) => <Foreign>{site ?? 'every site'}</Foreign> },
    {
      key: 'until',
      title: 'Until',
      cell: ({ until, endedAt }) => <When at={endedAt ?? until} form="exact" />,
      sortBy: ({ until }) => until,
    },
    { key: 'reason', title: 'Reason', cell: ({ reason }) => <Foreign>{reason}</Foreign> },
    {
      key: 'by',
      title: 'By',
      cell: ({ by, createdAt }) => (
        <span class="two">
          <Foreign>{shownWho(by)}</Foreign>
          <When at={createdAt} form="exact" />
        </span>
      ),
      sortBy: ({ createdAt }) => createdAt,
    },
    {
      key: 'do',
      title: 'Do',
      cell: (row) => (row.inForce ? <EndOverride override={row} onChanged={onChanged} /> : null),
    },
  ];
}

function About({ override: { device, source, mac, certificate, user } }: { readonly override: Override }) {
  if (mac !== undefined) return <MacAddress mac={mac} />;
  if (certificate !== undefined) {
    return (
      <span class="two">
        <span>
          certificate <code>{certificate.serial}</code>
        </span>
        {certificate.issuer !== undefined && <Foreign>{certificate.issuer}</Foreign>}
      </span>
    );
  }
  if (user !== undefined) {
    return (
      <span>
        user <Foreign>{user}</Foreign>
      </span>
    );
  }
  return (
    <span class="two">
      <a href={`/console/devices/${encodeURIComponent(device ?? '')}`}>
        <Foreign>{device}</Foreign>
      </a>
      <Foreign>{source}</Foreign>
    </span>
  );
}

function EndOverride({ override, onChanged }: { readonly override: Override; readonly onChanged: () => void }) {
  const { id, site, device, mac, certificate, user } = override;
  const about = plainForeign(mac ?? user ?? device ?? certificate?.serial ?? id);
  return (
    <ReasonedAction
      label={TEXTS.end}
      needs="act"
      {...(site !== undefined && { site })}
      reasonOptional
      name={`end-override.${id}`}
      title={TEXTS.endTitle}
      consequence={<p>{TEXTS.endConsequence(about)}</p>}
      run={async (reason) => {
        await send('POST', `/api/overrides/${encodeURIComponent(id)}/end`, reason === '' ? {} : { reason });
        onChanged();
        return TEXTS.ended;
      }}
    />
  );
}
