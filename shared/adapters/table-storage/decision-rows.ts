// The row that keeps a decision: written with its session in one transaction, found by the decision's id alone, and in
// the order of time within its partition.

import type { TransactionAction } from '@azure/data-tables';
import type { CountedDecision } from '../../domain/decision-counts.ts';
import { type DeviceKey, deviceKeyText } from '../../domain/device/device.ts';
import { METHOD_WORDS, type MethodWord } from '../../domain/identity/authentication-word.ts';
import { canonicalAddress } from '../../domain/ip-address.ts';
import type { NasLocation } from '../../domain/nas-location.ts';
import { parseDecisionId } from '../../domain/policy/decision-id.ts';
import type { AnsweredSession } from '../../domain/session/session.ts';
import type { Sites } from '../../domain/sites.ts';
import type { DecisionFilter, DecisionRecord } from '../../ports/decision-store.ts';
import { parseObject } from './foreign-rows.ts';
import { decidedAtOfKey, decisionRow } from './row-keys.ts';
import { MOST_COMPARISONS, sitesCondition } from './sites-condition.ts';

export type DecisionEntity = { record: string };

/** A text column of the Table service holds 32,768 characters (64 KiB of UTF-16). */
const LARGEST_RECORD = 32_000;

/**
 * None for a session from before decisions were kept, and none that no column holds: what a session keeps of a request
 * and what a role may send are bounded, and should both be hostile at once, the session must be remembered all the
 * same.
 */
export function decisionActions(record: AnsweredSession): TransactionAction[] {
  const parts = parseDecisionId(record.decision.id);
  const text = JSON.stringify(record);
  if (parts === undefined || text.length > LARGEST_RECORD) return [];
  const { decision, site, client, mac = '', userName = '' } = record;
  const { outcome, device } = decision;
  const columns = {
    // Filters ask for these; the rest is in the record.
    sessionId: record.id,
    site,
    client,
    mac,
    userName: userName.toLowerCase(),
    deviceKey: device ? deviceKeyText(device) : '',
    verdict: outcome.verdict,
    role: outcome.verdict === 'permit' ? outcome.role : '',
    rule: decision.rule,
    policyVersion: decision.policyVersion,
    standing: decision.standing,
    observed: decision.observed !== undefined,
    waiting: decision.waiting === true,
    ...nasColumns(record),
    port: record.nasPortId ?? '',
    ...methodColumns(decision.facts?.methods ?? []),
    identity: device?.identity.kind ?? '',
    assurance: device?.identity.assurance ?? '',
    source: device?.source ?? '',
    asOf: device?.asOf ?? '',
    record: text,
  };
  return [['upsert', { ...decisionRow(decision.id, parts), ...columns }, 'Replace']];
}

/** Comparable: names of switches in lower case, as operators type them in any. */
function nasColumns({ nasIdentifier, nasIpAddress, nasIpv6Address, packetSourceIp }: NasLocation) {
  const address = nasIpAddress ?? nasIpv6Address ?? packetSourceIp ?? '';
  return { nasId: (nasIdentifier ?? '').toLowerCase(), nasIp: canonicalAddress(address) ?? address };
}

/** A column for each: two may hold at once, and names of columns have no hyphen. */
function methodColumn(method: MethodWord): string {
  return `by${method.replaceAll('-', '')}`;
}

function methodColumns(methods: readonly MethodWord[]): Readonly<Record<string, true>> {
  return Object.fromEntries(methods.map((method) => [methodColumn(method), true as const]));
}

/** What is counted of a row. */
export const COUNTED_COLUMNS = ['PartitionKey', 'RowKey', 'site', 'rule', 'policyVersion', 'verdict', 'source', 'asOf'];

/** @returns `undefined` for a row that something else wrote */
export function countedOf(row: Readonly<Record<string, unknown>>): CountedDecision | undefined {
  const { site, rule, policyVersion, verdict, source, asOf, rowKey } = row;
  const decidedAt = decidedAtOfKey(String(rowKey));
  if (typeof site !== 'string' || typeof rule !== 'string' || typeof verdict !== 'string' || !decidedAt)
    return undefined;
  return {
    site,
    rule,
    policyVersion: String(policyVersion ?? ''),
    verdict,
    decidedAt,
    ...(typeof source === 'string' && source !== '' && { source }),
    ...(typeof asOf === 'string' && asOf !== '' && { asOf }),
  };
}

/** @returns `undefined` for a row that something else wrote */
export function fromDecisionEntity({ record }: Partial<DecisionEntity>): DecisionRecord | undefined {
  const known = parseObject(record);
  const decision = known?.['decision'] as Partial<DecisionRecord['decision']> | null | undefined;
  const isDecision = typeof decision?.id === 'string' && typeof decision.decidedAt === 'string';
  return isDecision && typeof known?.['site'] === 'string' ? (known as unknown as DecisionRecord) : undefined;
}

/** Comparisons that the range of keys takes. */
const MOST_OF_RANGE = 4;

const COLUMN_OF: Readonly<Record<Exclude<keyof DecisionFilter, 'method'>, string>> = {
  sessionId: 'sessionId',
  mac: 'mac',
  userName: 'userName',
  devices: 'deviceKey',
  verdict: 'verdict',
  role: 'role',
  rule: 'rule',
  policyVersion: 'policyVersion',
  standing: 'standing',
  observed: 'observed',
  waiting: 'waiting',
  nasName: 'nasId',
  nasAddress: 'nasIp',
  port: 'port',
  identity: 'identity',
  assurance: 'assurance',
  source: 'source',
};
/** Written and compared in lower case. */
const ANY_CASE: ReadonlySet<string> = new Set(['userName', 'nasName']);

/** With those of the range, and one at least for the sites, as many as the service takes. */
const MOST_CONDITIONS = MOST_COMPARISONS - MOST_OF_RANGE - 1;

/** A column, and the values of which it has one. */
type Wanted = readonly [column: string, values: readonly (string | boolean)[]];

export interface DecisionConditions {
  /** OData, joined to the range of keys. */
  readonly text: string;
  /** What the service takes no more: who reads the rows compares it. */
  readonly rest: readonly Wanted[];
}

export function decisionConditions(filter: DecisionFilter, sites: Sites): DecisionConditions {
  const rest: Wanted[] = [];
  const conditions: string[] = [];
  let comparisons = 0;
  for (const [name, value] of Object.entries(filter)) {
    if (value === undefined) continue;
    const wanted = wantedOf(name, value);
    const [column, values] = wanted;
    if (comparisons + values.length > MOST_CONDITIONS) rest.push(wanted);
    else {
      comparisons += values.length;
      conditions.push(`(${values.map((each) => isEqual(column, each)).join(' or ')})`);
    }
  }
  const all = [...conditions, ...sitesCondition(sites, MOST_OF_RANGE + comparisons)];
  return { text: all.map((condition) => ` and ${condition}`).join(''), rest };
}

function wantedOf(name: string, value: string | boolean | readonly DeviceKey[]): Wanted {
  if (name === 'method') return [methodColumn(METHOD_WORDS.find((word) => word === value) ?? 'mab'), [true]];
  const column = COLUMN_OF[name as keyof typeof COLUMN_OF];
  if (typeof value === 'boolean') return [column, [value]];
  if (typeof value === 'string') return [column, [ANY_CASE.has(name) ? value.toLowerCase() : value]];
  // Of none: no row has a key without a source.
  return [column, value.length === 0 ? ['-'] : value.map(deviceKeyText)];
}

function isEqual(column: string, value: string | boolean): string {
  return typeof value === 'boolean' ? `${column} eq ${value}` : `${column} eq '${value.replaceAll("'", "''")}'`;
}
