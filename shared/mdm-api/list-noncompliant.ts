// A page of the devices that are not compliant: entries of the index, and devices that operators have blocked. Each
// record decides by itself, as it does when its device alone is asked for.

import { concurrently } from '../concurrently.ts';
import type { Client } from '../domain/client.ts';
import { type DeviceKey, deviceHash, deviceKeyText, parseDeviceKeyText } from '../domain/device/device.ts';
import { claims } from '../domain/device/device-identities.ts';
import type { PresentedIdentity } from '../domain/identity/identity.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import type { MdmDevice, MdmDeviceList, MdmKey } from '../domain/mdm-documents.ts';
import { isInForce, type Override } from '../domain/policy/override.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { NoncompliantEntry, NoncompliantIndex } from '../ports/noncompliant-index.ts';
import type { RecordsBySite, SiteRecords } from '../ports/site-records.ts';
import { type AnswerDeps, guidOf, policyInForce } from './answer-device.ts';
import { deviceAttributes, stationAddresses, writtenMac } from './device-attributes.ts';
import { cursorOfHash, hashAt, type Page, pageOf, shardsFrom } from './list-cursor.ts';
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
  const listing = { client, question, overrides, at, options };
  const listed = await concurrently(inOrder, READ_CONCURRENCY, async ({ key }) => {
    const stored = await records.read(key, options);
    return stored?.presence === 'present' ? asListed(deps, listing, stored) : [];
  });
  return {
    kind: 'devices',
    version: question.version,
    devices: listed.flat(),
    ...(next !== undefined && { nextPage: next }),
  };
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
  readonly at: Instant;
  readonly options: CallOptions;
}

async function asListed(
  deps: ListDeps,
  { client, question, overrides, at, options }: Listing,
  stored: StoredDevice,
): Promise<MdmDevice[]> {
  const { device } = stored;
  const addresses = stationAddresses(device);
  const [mac] = addresses;
  const byGuid = question.identifier === 'guid';
  if (!byGuid && mac === undefined) return [];
  const identity: PresentedIdentity =
    byGuid || mac === undefined
      ? { kind: 'deviceId', value: device.id, assurance: 'certificate-guid', origin: 'guid', source: device.source }
      : { kind: 'mac', value: mac, assurance: 'mac', origin: 'macaddress' };
  const asked = { site: client.site, at, identity, overrides };
  const verdict = await verdictOf(stored, deps, asked, policyInForce(deps, options));
  if (verdict.compliant) return [];
  const attributes = deviceAttributes(device, verdict, question);
  const keys: MdmKey[] = byGuid
    ? [{ element: 'guid', value: guidOf(device) }]
    : addresses.map((address) => ({ element: 'macaddress', value: writtenMac(address) }));
  return keys.map((key) => ({ key, attributes }));
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
