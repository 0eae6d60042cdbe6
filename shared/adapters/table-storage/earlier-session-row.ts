// Session rows of the version before, which kept one session of a station at a site: they are read for as long as they
// live, and what is written now can be read by that version after a rollback. Both go with the release after the next.

import type { MacAddress } from '../../domain/mac-address.ts';
import { NAS_LOCATION_FIELDS } from '../../domain/nas-location.ts';
import type { Answer } from '../../domain/session/session.ts';

export type EarlierRow = Record<string, unknown> & { readonly mac?: MacAddress };

const TEXT_COLUMNS = [
  ...NAS_LOCATION_FIELDS,
  'userName',
  'acctSessionId',
  'acctMultiSessionId',
  'auditSessionId',
  'method',
  'client',
] as const satisfies readonly (keyof Answer)[];

/** The newest answer as that version has it, without the facts, which it can do without. */
export function columnsForEarlierVersion(answer: Answer): Record<string, string> {
  const { credential, presented, ...place } = answer;
  const { facts, ...decision } = answer.decision;
  if (answer.method === 'mab') return { bypass: JSON.stringify({ ...place, presented, decision }) };
  const texts = TEXT_COLUMNS.map((column) => [column, answer[column] ?? '']);
  return { ...Object.fromEntries(texts), presented: JSON.stringify(presented), decision: JSON.stringify(decision) };
}

/** What that version kept: the newest answer to MAB, and the newest to anything that was proven. */
export function answersOfEarlierRow(row: EarlierRow, parse: (text: string) => unknown): Answer[] {
  const answers: Answer[] = [];
  if (typeof row['decision'] === 'string') {
    const texts = TEXT_COLUMNS.flatMap((column) =>
      typeof row[column] === 'string' && row[column] !== '' ? [[column, row[column]]] : [],
    );
    answers.push({
      client: String(row['client']),
      ...Object.fromEntries(texts),
      credential: 'earlier-proven',
      presented: parse(String(row['presented'])) as Answer['presented'],
      decision: parse(row['decision']) as Answer['decision'],
    });
  }
  if (typeof row['bypass'] === 'string') {
    answers.push({ ...(parse(row['bypass']) as Answer), credential: 'earlier-bypass' });
  }
  return answers;
}
