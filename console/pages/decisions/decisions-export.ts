// The list of decisions as a file: CSV for spreadsheets, JSON for programs; both say where they were cut.

import type { DecisionRecord } from '../../api/answers.ts';
import { csvText } from '../../lists/csv.ts';
import {
  ageSecondsOf,
  answerOf,
  assuranceOf,
  deviceOf,
  identityOf,
  macOf,
  nasOf,
  placeOf,
  sourceOf,
  userOf,
} from './decision-columns.ts';

/** Rows that one file holds at most: what a browser and a spreadsheet bear, 50 requests of 200 rows. */
export const MOST_EXPORTED = 10_000;

type ColumnOf = (row: DecisionRecord, local: LocalTime) => string;

/** A moment in the reader's zone, with the zone's name: `2026-11-30 23:15:02 CET`. */
export type LocalTime = (instant: string) => string;

const COLUMNS: readonly (readonly [string, ColumnOf])[] = [
  ['time (UTC)', ({ decision }) => decision.decidedAt],
  ['time (local)', ({ decision }, local) => local(decision.decidedAt)],
  ['device', deviceOf],
  ['device id', ({ decision }) => decision.device?.id ?? ''],
  ['user', userOf],
  ['MAC address', macOf],
  ['site', ({ site }) => site],
  ['NAS', nasOf],
  [
    'NAS address',
    ({ nasIpAddress, nasIpv6Address, packetSourceIp }) => nasIpAddress ?? nasIpv6Address ?? packetSourceIp ?? '',
  ],
  ['port or SSID', placeOf],
  ['method', ({ method = '' }) => method],
  ['identity', identityOf],
  ['assurance', assuranceOf],
  ['standing', ({ decision }) => decision.standing],
  ['rule', ({ decision }) => decision.rule],
  ['policy version', ({ decision }) => decision.policyVersion],
  ['answer', answerOf],
  ['source', sourceOf],
  ['age (seconds)', (row) => String(ageSecondsOf(row) ?? '')],
  ['override', ({ decision }) => decision.override?.id ?? ''],
  ['session', ({ id }) => id],
  ['decision', ({ decision }) => decision.id],
];

/** @param rows at most `MOST_EXPORTED` of them are written */
export function decisionsCsv(rows: readonly DecisionRecord[], local: LocalTime): string {
  const header = COLUMNS.map(([title]) => title);
  return csvText(
    header,
    rows.slice(0, MOST_EXPORTED).map((row) => COLUMNS.map(([, of]) => of(row, local))),
  );
}

/** The decisions as the API has them. @param complete whether there are no more */
export function decisionsJson(rows: readonly DecisionRecord[], { complete }: { readonly complete: boolean }): string {
  const decisions = rows.slice(0, MOST_EXPORTED);
  return `${JSON.stringify({ complete: complete && rows.length <= MOST_EXPORTED, decisions }, null, 2)}\n`;
}

/** `decisions-2026-11-30T231502Z.csv`: no character that a file system refuses. */
export function exportName(now: string, ending: 'csv' | 'json'): string {
  return `decisions-${now.replace(/\.\d+/, '').replaceAll(':', '')}.${ending}`;
}
