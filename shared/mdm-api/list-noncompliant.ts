// A page of the devices that are not compliant: entries of the index, and devices that operators have blocked. Each
// record decides by itself, as it does when its device alone is asked for.

import { concurrently } from '../concurrently.ts';
import type { Client } from '../domain/client.ts';
import { type DeviceKey, deviceHash, deviceKeyText, isSilent, parseDeviceKeyText } from '../domain/device/device.ts';
import { claims } from '../domain/device/device-identities.ts';
import type { PresentedIdentity } from '../domain/identity/identity.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import type { MdmDevice, MdmDeviceList, MdmVerdict } from '../domain/mdm-documents.ts';
import { isInForce, type Override } from '../domain/policy/override.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { NoncompliantEntry, NoncompliantIndex } from '../ports/noncompliant-index.ts';
import type { RecordsBySite, SiteRecords } from '../ports/site-records.ts';
import { type AnswerDeps, ambiguousDevice, type Found, type OtherRecords, policyInForce } from './answer-device.ts';
import { deviceAttributes, stationAddresses } from './device-attributes.ts';
import { cursorOfHash, cutToSize, hashAt, type Page, pageOf, shardsFrom } from './list-cursor.ts';
import { keysListed, recordsOfEntry } from './list-records.ts';
import type { ListQuestion } from './mdm-question.ts';
import { verdictOf } from './verdict.ts';

/** Devices of a page; a device may have two addresses, and is listed by each. */
export const LIST_PAGE = 500;
/** What mdminfo says that an answer holds at most. */
export const QUERY_MAX_SIZE = 2 * LIST_PAGE;
/** Shards that are asked at once, one group after the other: most pages need the first group only. */
const SHARD_GROUPS = [1, 3, 12];
/** Records that are read at once. */
const READ_CONCURRENCY = 32;
/** Identities of blocked devices that are followed at once. */
const BLOCK_CONCURRENCY = 16;

export interface ListDeps extends Omit<AnswerDeps, 'find'> {
  readonly records: RecordsBySite;
  /** Adds what other sources know of the device, as a lookup does. */
  readonly join: (records: SiteRecords, found: Found & { kind: 'found' }, options: CallOptions) => Promise<Found>;
  readonly index: Pick<NoncompliantIndex, 'listNoncompliant'>;
}

/** @throws StoreError: a page that is not whole is none */
export async function listNoncompliant(
  deps: ListDeps,
  client: Client,
  question: ListQuestion,
  options: CallOptions,
): Promise<MdmDeviceList> {
  const at = toInstant(deps.clock.now());
  const [{ entries, next }, { overrides }, records] = await Promise.all([
    readPage(deps.index, question.from, options),
    deps.overrides.current(),
    deps.records.at(client.site, options),
  ]);
  const blocked = await blockedDevices(records, client, overrides, at, options);
  const keys = new Map<string, { readonly key: DeviceKey; readonly hash: string }>();
  for (const key of blocked) {
    const hash = deviceHash(key);
    const cursor = cursorOfHash(hash);
    if (cursor >= question.from && (next === undefined || cursor < next)) keys.set(deviceKeyText(key), { key, hash });
  }
  for (const entry of entries) keys.set(deviceKeyText(entry), { key: entry, hash: entry.hash });
  const inOrder = [...keys.values()].toSorted((one, other) => (one.hash < other.hash ? -1 : 1));
  const named = new Set(blocked.map(deviceKeyText));
  const listing = { client, question, overrides, blocked: named, records, at, options };
  const listed = await concurrently(inOrder, READ_CONCURRENCY, async ({ key, hash }) => {
    const stored = await records.read(key, options);
    return { hash, devices: stored?.presence === 'present' ? await asListed(deps, listing, stored) : [] };
  });
  const { devices, nextPage } = cutToSize(listed, QUERY_MAX_SIZE, next);
  return { kind: 'devices', version: question.version, devices, ...(nextPage !== undefined && { nextPage }) };
}

async function readPage(index: ListDeps['index'], from: number, options: CallOptions): Promise<Page> {
  const shards = [...shardsFrom(from)];
  const known: NoncompliantEntry[] = [];
  let begin = hashAt(from);
  for (const group of SHARD_GROUPS) {
    const asked = shards.splice(0, group);
    const pages = await Promise.all(
      asked.map((shard, place) => index.listNoncompliant(shard, place === 0 ? begin : shard, LIST_PAGE + 1, options)),
    );
    for (const [place, { entries, more }] of pages.entries()) {
      known.push(...entries);
      const isLast = shards.length === 0 && place === pages.length - 1;
      if (more || known.length > LIST_PAGE) return pageOf(known, isLast && !more, LIST_PAGE);
    }
    begin = shards[0] ?? '';
  }
  return { entries: known };
}

interface Listing {
  readonly client: Client;
  readonly question: ListQuestion;
  readonly overrides: readonly Override[];
  /** Keys of blocked devices. */
  readonly blocked: ReadonlySet<string>;
  readonly records: SiteRecords;
  readonly at: Instant;
  readonly options: CallOptions;
}

/** @returns the device by each key that it has in its records; nothing where its verdict is that it is compliant */
async function asListed(deps: ListDeps, listing: Listing, stored: StoredDevice): Promise<MdmDevice[]> {
  const { question, blocked, records, at, options } = listing;
  const known = await deps.join(records, { kind: 'found', stored, identity: guidIdentity(stored.device) }, options);
  if (known.kind !== 'found')
    return keysListed(stored, [stored], question.identifier).map((key) => ambiguousDevice(key, question));
  const { counts, joined = [] } = known;
  const all = [stored, ...joined];
  const named = recordsOfEntry(stored, joined, {
    isSilent: ({ device }) => isSilent(device, at, deps.maxCheckInAgeMs),
    isBlocked: ({ device }) => blocked.has(deviceKeyText(device)),
  });
  const listed: MdmDevice[] = [];
  for (const record of named) {
    const keys = keysListed(record, all, question.identifier);
    if (keys.length === 0) continue;
    const others = all.filter((one) => one !== record);
    const verdict = await verdictListed(deps, listing, record, { ...(counts && { counts }), joined: others });
    if (verdict.compliant) continue;
    const attributes = deviceAttributes(record.device, verdict, question);
    listed.push(...keys.map((key) => ({ key, attributes })));
  }
  return listed;
}

function verdictListed(
  deps: ListDeps,
  { client, question, overrides, at, options }: Listing,
  record: StoredDevice,
  others: OtherRecords,
): Promise<MdmVerdict> {
  const [mac] = question.identifier === 'macaddress' ? stationAddresses(record.device) : [];
  const identity: PresentedIdentity =
    mac === undefined
      ? guidIdentity(record.device)
      : { kind: 'mac', value: mac, assurance: 'mac', origin: 'macaddress' };
  const asked = { site: client.site, at, identity, overrides, ...others };
  return verdictOf(record, deps, asked, policyInForce(deps, options));
}

function guidIdentity({ id, source }: DeviceKey): PresentedIdentity {
  return { kind: 'deviceId', value: id, assurance: 'certificate-guid', origin: 'guid', source };
}

/** A block of a user leads to no device: it shows when the device is asked for. */
async function blockedDevices(
  records: SiteRecords,
  { site }: Client,
  overrides: readonly Override[],
  at: Instant,
  options: CallOptions,
): Promise<DeviceKey[]> {
  const blocks = overrides.filter(
    (one) => one.effect.kind === 'block' && isInForce(one, at) && (one.site ?? site) === site,
  );
  const found = blocks.flatMap(({ target }) => ('device' in target ? [target.device] : []));
  const pointers = blocks.flatMap(({ target, machine }) => [
    ...('mac' in target ? [{ kind: 'mac', value: target.mac } as const] : []),
    ...(machine?.identities ?? []),
  ]);
  await concurrently(pointers, BLOCK_CONCURRENCY, async (identity) => {
    const { devices: holders, more } = await records.readOwners(identity, options);
    if (more) return;
    for (const key of holders.map(parseDeviceKeyText)) {
      const record = await records.read(key, options);
      if (record !== undefined && claims(record, identity)) found.push(key);
    }
  });
  return found;
}
