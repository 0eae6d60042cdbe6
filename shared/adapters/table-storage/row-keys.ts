// How rows are found: every partition and row key of the store is made here.
//
// devices     p<shard>  d|<source>|<id>                    a device
//                       n|<device hash>|<source>|<id>      that it may count as not compliant
//                       o|c|<source>|<id>|<version>        a change of it; same partition, one transaction
//                       o|m|<source>|<id>                  that every sweep must look at it
// identities  p<shard>  <kind>|<value>                     who holds an identity, or what people search for
//                       <kind>|<value>|+<device hash>      one of the others that hold it, where they are too many
// sessions    p<shard>  s|<session id>                     a session
//                       d|<source>|<id>|<session id>       that a change of the device may concern this session
//                       i|<hash>|<session id>              that an identity led this session to no device
//                       a|<hash>                           that an id of accounting is this session's
//                       w|<time, newest first>|<session>   that an answer of it rests on no stored record
//                       h|<time, newest first>|<id>        a decision that was made
//             compare   <session id>                       that enforcement compares this session next
//             restarts|<site>  <hash>                      that a NAS of the site restarted
// jobs        <site>    <job id>                           a job, newest first
// outbox      <site>    <urgency>|<time>|<job id>          that this job is not final
// policies    policy    state                              which version is in force
//                       v|<version>                        a version, which never changes
//             sources   state, v|<version>                 the same of sources.yaml
//             mac-lists <name>                             an uploaded list of addresses
//             overrides <place>                            an override in force, at one of 500 places
// clients     clients   <name>                             a RADIUS proxy and its credentials
//             sites     <site>                             the site's session key
//             job-sites <site>                             that the site has, or had, jobs
// polling     sweep     state                              checkpoint and lease
//                       run|<start, newest first>|<id>     one finished run
//             fleet     <shard>                            packed fingerprints, or which parts hold them
//                       <shard>|<hash>                     a part of them
//             task|<t>  state                              where the background task <t> stands, lease included
//             sweep|<source>, fleet|<source>, task|<source>|<t>
//                                                          the same of each source but the first, and its tasks
//             counts    state                              how far decisions are counted
//                       h|<hour, newest first>             counts of decisions of an hour
//                       d|<day, newest first>              counts of decisions of a day in UTC
//                       n|<name>                           a figure that a timer found, a credential, a relay's word
//             doctor    <random>                           written and deleted by the doctor (storage-probe.ts)
// audit       audit     <time, newest first>-<random>      a change that a person made (table-audit-store.ts)
//
// Sixteen shards keep any one partition far from its limit of 2,000 operations a second, while a page of a thousand
// devices still fills transactions.

import { createHash } from 'node:crypto';
import { type EnforcementJob, newestFirst } from '../../domain/coa/enforcement-job.ts';
import type { CoaNas } from '../../domain/coa-job.ts';
import { type DeviceKey, deviceHash, deviceKeyText } from '../../domain/device/device.ts';
import { type Identity, identityText, type Pointer } from '../../domain/identity/identity.ts';
import type { Instant } from '../../domain/instant.ts';
import { type DecisionIdParts, parseDecisionId } from '../../domain/policy/decision-id.ts';
import type { DecisionRange } from '../../ports/decision-store.ts';

export type RowKey = { readonly partitionKey: string; readonly rowKey: string };

/** What stands open about devices, in the devices' own partitions: changes to be handed on, and marks. */
export const OPEN_PREFIX = 'o|';
export const DEVICE_PREFIX = 'd|';
export const NONCOMPLIANT_PREFIX = 'n|';
export const CHANGE_PREFIX = `${OPEN_PREFIX}c|`;
export const MARK_PREFIX = `${OPEN_PREFIX}m|`;

export function shardPartition(shard: string): string {
  return `p${shard}`;
}

export function deviceRow(key: DeviceKey): RowKey {
  return { partitionKey: devicePartition(key), rowKey: `${DEVICE_PREFIX}${deviceKeyText(key)}` };
}

/** Versions are padded, so that the changes of one device sort oldest first. */
export function changeRow(key: DeviceKey, version: number): RowKey {
  const padded = String(version).padStart(10, '0');
  return { partitionKey: devicePartition(key), rowKey: `${CHANGE_PREFIX}${deviceKeyText(key)}|${padded}` };
}

export function markRow(key: DeviceKey): RowKey {
  return { partitionKey: devicePartition(key), rowKey: `${MARK_PREFIX}${deviceKeyText(key)}` };
}

/** In the order of hashes, which over all shards is one order. */
export function noncompliantRow(key: DeviceKey): RowKey {
  return {
    partitionKey: devicePartition(key),
    rowKey: `${NONCOMPLIANT_PREFIX}${deviceHash(key)}|${deviceKeyText(key)}`,
  };
}

/** A filter for such rows of a shard, from a hash or the first digits of one on. */
export function noncompliantFilter(shard: string, from: string): string {
  return `PartitionKey eq '${shardPartition(shard)}' and RowKey ge '${NONCOMPLIANT_PREFIX}${from}' and RowKey lt 'n}'`;
}

export function devicePartition(key: DeviceKey): string {
  return shardPartition(deviceHash(key).charAt(0));
}

export function identityRow(identity: Pointer): RowKey {
  const value = safeKeyPart(identity.value);
  return { partitionKey: shardPartition(shardOf(identityText(identity))), rowKey: `${identity.kind}|${value}` };
}

/** @param hash of a device; the empty text gives what the keys of all such rows begin with */
export function moreHolderRow(identity: Pointer, hash: string): RowKey {
  const { partitionKey, rowKey } = identityRow(identity);
  return { partitionKey, rowKey: `${rowKey}|+${hash}` };
}

/** A session id is a hash already: its first digit is its shard. */
export function sessionRow(sessionId: string): RowKey {
  return { partitionKey: shardPartition(sessionId.charAt(0)), rowKey: `s|${sessionId}` };
}

export function sessionOfDeviceRow(key: DeviceKey, sessionId: string): RowKey {
  return { partitionKey: shardPartition(sessionId.charAt(0)), rowKey: `${sessionsOfDevicePrefix(key)}${sessionId}` };
}

export function sessionOfIdentityRow(identity: Identity, sessionId: string): RowKey {
  const { partitionKey } = sessionRow(sessionId);
  return { partitionKey, rowKey: `${sessionsOfIdentityPrefix(identity)}${sessionId}` };
}

/** Stands in the session's own partition, so that one transaction writes both. */
export function sessionOfAccountingIdRow(shard: string, site: string, accountingId: string): RowKey {
  const hash = createHash('sha256')
    .update(JSON.stringify([site, accountingId]))
    .digest('hex')
    .slice(0, 32);
  return { partitionKey: shardPartition(shard), rowKey: `a|${hash}` };
}

/** Time first: what is new is read without passing what is old. */
export function sessionWithoutRecordRow(sessionId: string, decidedAt: Instant): RowKey {
  const { partitionKey } = sessionRow(sessionId);
  return { partitionKey, rowKey: `w|${newestFirst(decidedAt)}|${sessionId}` };
}

/** A filter for such rows of a shard: since a moment, or before it. */
export function withoutRecordFilter(shard: string, { since, before }: { since?: Instant; before?: Instant }): string {
  // Behind the digits comes a bar, and a brace is the next character.
  const from = before === undefined ? 'w|' : `w|${newestFirst(before)}}`;
  const to = since === undefined ? 'w}' : `w|${newestFirst(since)}}`;
  return `PartitionKey eq '${shardPartition(shard)}' and RowKey ge '${from}' and RowKey lt '${to}'`;
}

/** A filter for the sessions of a shard, from behind one of them on. */
export function sessionsFilter(shard: string, after: string | undefined): string {
  const from = after === undefined ? "ge 's|'" : `gt '${sessionRow(after).rowKey}'`;
  return `PartitionKey eq '${shardPartition(shard)}' and RowKey ${from} and RowKey lt 's}'`;
}

export const COMPARE_PARTITION = 'compare';

export function compareRow(sessionId: string): RowKey {
  return { partitionKey: COMPARE_PARTITION, rowKey: sessionId };
}

export function restartsPartition(site: string): string {
  return `restarts|${site}`;
}

export function restartRow(site: string, nas: CoaNas): RowKey {
  const { nasIpAddress, nasIpv6Address, nasIdentifier, packetSourceIp } = nas;
  const text = JSON.stringify([nasIpAddress, nasIpv6Address, nasIdentifier, packetSourceIp]);
  return {
    partitionKey: restartsPartition(site),
    rowKey: createHash('sha256').update(text).digest('hex').slice(0, 32),
  };
}

export function sessionsOfDevicePrefix(key: DeviceKey): string {
  return `d|${deviceKeyText(key)}|`;
}

/** Names of devices come from users, and are looked for only: a hash does. */
export function sessionsOfIdentityPrefix(identity: Identity): string {
  return `i|${createHash('sha256').update(identityText(identity)).digest('hex').slice(0, 32)}|`;
}

/** Time first, so that a partition is a list by time; the id holds all of it, so that a read needs no list. */
export function decisionRow(id: string, { sessionId, at }: DecisionIdParts): RowKey {
  return { partitionKey: shardPartition(sessionId.charAt(0)), rowKey: `h|${newestFirst(at)}|${id}` };
}

/** When the decision of such a key was made; `undefined` for another key. */
export function decidedAtOfKey(rowKey: string): Instant | undefined {
  const [, digits] = /^h\|(\d{13})\|/.exec(rowKey) ?? [];
  return digits === undefined ? undefined : momentOf(digits);
}

/** Where a list goes on that has looked at every decision from this moment on. */
export function decisionCursorBefore(until: Instant): string {
  // Behind the digits comes a bar, and a brace is the next character.
  return `${newestFirst(until)}}`;
}

export function momentOfCursor(cursor: string): Instant {
  return momentOf(cursor.slice(0, 13));
}

function momentOf(digits: string): Instant {
  return new Date(9_999_999_999_999 - Number(digits)).toISOString();
}

/** Where a list goes on after this decision, whichever partition the next one is in. */
export function decisionCursor(id: string): string {
  const parts = parseDecisionId(id);
  return parts === undefined ? '' : `${newestFirst(parts.at)}|${id}`;
}

/** A filter for decisions of a shard: made since, and before `until`, after a cursor. */
export function decisionRange(shard: string, { since, until, after }: DecisionRange): string {
  const conditions = [`PartitionKey eq '${shardPartition(shard)}'`];
  // Behind the digits comes a bar, and a brace is the next character.
  conditions.push(`RowKey lt 'h|${since === undefined ? '}' : `${newestFirst(since)}}`}'`);
  conditions.push(`RowKey ge 'h|${until === undefined ? '' : `${newestFirst(until)}}`}'`);
  if (after !== undefined) conditions.push(`RowKey gt 'h|${after.replaceAll("'", "''")}'`);
  return conditions.join(' and ');
}

/** A job's id starts with its time, counted backwards. */
export function jobRow({ site, id }: Pick<EnforcementJob, 'site' | 'id'>): RowKey {
  return { partitionKey: site, rowKey: id };
}

/** A filter for jobs of a site: those after the job of an id, and no older than a moment. */
export function jobsFilter(site: string, after: string | undefined, since: Instant | undefined): string {
  const quote = (text: string): string => text.replaceAll("'", "''");
  const conditions = [`PartitionKey eq '${quote(site)}'`];
  if (after !== undefined) conditions.push(`RowKey gt '${quote(after)}'`);
  // Behind the digits comes a hyphen, and a full stop is the next character.
  if (since !== undefined) conditions.push(`RowKey lt '${newestFirst(since)}.'`);
  return conditions.join(' and ');
}

/** A filter for jobs of a site that were decided before a moment. */
export function olderJobsFilter(site: string, before: Instant): string {
  return `PartitionKey eq '${site.replaceAll("'", "''")}' and RowKey gt '${newestFirst(before)}.'`;
}

/** Urgent ones first, then the oldest. */
export function outboxRow({ site, id, urgent, decidedAt }: EnforcementJob): RowKey {
  return { partitionKey: site, rowKey: `${urgent ? 0 : 1}|${decidedAt}|${id}` };
}

/**
 * A filter for rows of a site's outbox.
 * @param after only rows behind this one @param urgentSince only urgent jobs that were decided then or later
 */
export function outboxFilter(site: string, after: string | undefined, urgentSince: Instant | undefined): string {
  const bounds = [
    ...(after === undefined ? [] : [`RowKey gt '${after.replaceAll("'", "''")}'`]),
    ...(urgentSince === undefined ? [] : [`RowKey ge '0|${urgentSince}'`, "RowKey lt '1'"]),
  ];
  return [partitionFilter(site), ...bounds].join(' and ');
}

/** A filter for all rows of a partition. */
export function partitionFilter(partitionKey: string): string {
  return `PartitionKey eq '${partitionKey.replaceAll("'", "''")}'`;
}

/** Documents that have versions: each has its partition. */
export type VersionedDocument = 'policy' | 'sources';

/** Which version is in force. */
export function activationRow(document: VersionedDocument): RowKey {
  return { partitionKey: document, rowKey: 'state' };
}

export function versionRow(document: VersionedDocument, version: string): RowKey {
  return { partitionKey: document, rowKey: `v|${version}` };
}

export function versionRowsFilter(document: VersionedDocument): string {
  return prefixFilter(document, 'v|');
}

/** In a partition of its own, beside the policies: listing those reads no list. */
export const MAC_LISTS_PARTITION = 'mac-lists';

export function macListRow(name: string): RowKey {
  return { partitionKey: MAC_LISTS_PARTITION, rowKey: name };
}

/** Beside the policy, which they beat. */
export const OVERRIDES_PARTITION = 'overrides';

/** @param place number of at most four digits */
export function overrideRow(place: number): RowKey {
  return { partitionKey: OVERRIDES_PARTITION, rowKey: String(place).padStart(4, '0') };
}

export function clientRow(name: string): RowKey {
  return { partitionKey: 'clients', rowKey: name };
}

export function siteRow(site: string): RowKey {
  return { partitionKey: 'sites', rowKey: site };
}

/** In the table of clients, whose other partitions an earlier version lists as well. */
export function jobSiteRow(site: string): RowKey {
  return { partitionKey: 'job-sites', rowKey: site };
}

/** Its rows stand where they stood when it was the only source, so that earlier versions find them. */
export const FIRST_SOURCE = 'intune';

/** @param source letters, digits and hyphens */
function partitionOf(what: string, source: string): string {
  return source === FIRST_SOURCE ? what : `${what}|${source}`;
}

export function sweepStateRow(source: string): RowKey {
  return { partitionKey: partitionOf('sweep', source), rowKey: 'state' };
}

/** Time counted backwards, so that the newest run is the first row. */
export function runRow(source: string, startedAt: string, runId: string): RowKey {
  const backwards = String(9_999_999_999_999 - Date.parse(startedAt)).padStart(13, '0');
  return { partitionKey: partitionOf('sweep', source), rowKey: `run|${backwards}|${runId}` };
}

/** A filter for runs that began before a moment, the newest of them first. */
export function runsBeforeFilter(source: string, before: Instant): string {
  const { partitionKey, rowKey } = runRow(source, before, '');
  return `PartitionKey eq '${partitionKey}' and RowKey gt '${rowKey}}' and RowKey lt 'run}'`;
}

export function fleetRow(source: string, shard: string): RowKey {
  return { partitionKey: partitionOf('fleet', source), rowKey: shard };
}

/** @param name of the part; the empty name gives what all of them begin with */
export function fleetPartRow(source: string, shard: string, name: string): RowKey {
  return { partitionKey: partitionOf('fleet', source), rowKey: `${shard}|${name}` };
}

/** All that is counted: one partition, so that one transaction writes counts and how far they are. */
export const COUNTS_PARTITION = 'counts';
export const FOLD_ROW: RowKey = { partitionKey: COUNTS_PARTITION, rowKey: 'state' };

/** @param name letters, digits, hyphens, colons and dots; the first ones give what several begin with */
export function figureRow(name: string): RowKey {
  return { partitionKey: COUNTS_PARTITION, rowKey: `n|${name}` };
}

const SPANS = { hour: { prefix: 'h', digits: 13 }, day: { prefix: 'd', digits: 10 } } as const;

/** The hour, or the day, that a moment lies in. */
export function spanRow(span: 'hour' | 'day', at: Instant): RowKey {
  return { partitionKey: COUNTS_PARTITION, rowKey: `${SPANS[span].prefix}|${newestFirst(spanOf(span, at))}` };
}

/** A filter for spans that begin within a range: from `from` on, before `to`. */
export function spansFilter(
  span: 'hour' | 'day',
  { from, to }: { readonly from: Instant; readonly to: Instant },
): string {
  const { prefix } = SPANS[span];
  return `PartitionKey eq '${COUNTS_PARTITION}' and RowKey gt '${prefix}|${newestFirst(to)}' and RowKey le '${prefix}|${newestFirst(from)}'`;
}

export function spansBeforeFilter(span: 'hour' | 'day', before: Instant): string {
  const { prefix } = SPANS[span];
  return `PartitionKey eq '${COUNTS_PARTITION}' and RowKey gt '${prefix}|${newestFirst(before)}' and RowKey lt '${prefix}}'`;
}

function spanOf(span: 'hour' | 'day', at: Instant): Instant {
  return span === 'hour'
    ? `${at.slice(0, SPANS.hour.digits)}:00:00.000Z`
    : `${at.slice(0, SPANS.day.digits)}T00:00:00.000Z`;
}

/** @param task letters, digits and hyphens @param source whose task it is; of no source in particular, if left out */
export function taskRow(task: string, source = FIRST_SOURCE): RowKey {
  return { partitionKey: `${partitionOf('task', source)}|${task}`, rowKey: 'state' };
}

/** A filter for the rows of a partition whose key starts with `prefix`. */
export function prefixFilter(partitionKey: string, prefix: string): string {
  const last = prefix.length - 1;
  const end = prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
  const quote = (text: string): string => text.replaceAll("'", "''");
  return `PartitionKey eq '${quote(partitionKey)}' and RowKey ge '${quote(prefix)}' and RowKey lt '${quote(end)}'`;
}

function shardOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').charAt(0);
}

/**
 * Keys may not hold `/ \ # ?` or control characters, and names come from users: anything out of the ordinary is
 * replaced by its hash. The key is never read back: the row keeps the value.
 */
function safeKeyPart(value: string): string {
  if (/^[a-z0-9@._: -]{1,200}$/.test(value)) return value;
  return `~${createHash('sha256').update(value).digest('hex').slice(0, 40)}`;
}
