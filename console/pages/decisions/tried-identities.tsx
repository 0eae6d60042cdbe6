// The identities that the station presented, as they were tried: the strongest first.

import type { ExplainedDecision } from '../../api/answers.ts';
import { DataTable } from '../../components/data-table.tsx';
import { Foreign } from '../../components/foreign.tsx';
import { Section } from '../../components/section.tsx';
import { Status } from '../../components/status.tsx';
import { ASSURANCES, choiceWord, IDENTITIES } from './filter-choices.ts';

type Tried = ExplainedDecision['identities'][number];

const KINDS = { matched: 'good', 'not matched': 'warn', 'not tried': 'none' } as const;

export function TriedIdentities({ decision: { identities } }: { readonly decision: ExplainedDecision }) {
  return (
    <Section title="What identified it">
      <DataTable<Tried>
        caption="Identities, as they were tried"
        quietCaption
        rows={identities}
        rowKey={({ kind, value, origin, assurance }) => `${kind} ${value} ${origin} ${assurance}`}
        empty="The station presented nothing that identifies a device."
        columns={[
          { key: 'result', title: 'Result', cell: ({ result }) => <Status kind={KINDS[result]}>{result}</Status> },
          { key: 'kind', title: 'Identity', rowHeader: true, cell: ({ kind }) => choiceWord(IDENTITIES, kind) },
          { key: 'value', title: 'Value', cell: ({ value }) => <Foreign>{value}</Foreign> },
          { key: 'assurance', title: 'Assurance', cell: ({ assurance }) => choiceWord(ASSURANCES, assurance) },
          { key: 'origin', title: 'From', cell: ({ origin }) => <Foreign>{origin}</Foreign> },
        ]}
      />
    </Section>
  );
}
