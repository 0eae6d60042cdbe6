// One device in all places: Graph's record, its Ethernet MAC, the compliance service's answers, and the stored record.

import { concurrently } from '../concurrently.ts';
import { type DeviceKey, deviceKeyText, isDeviceId, parseDeviceKeyText } from '../domain/device/device.ts';
import { type CountsBecause, foremostFirst, isJoined, type SourceVerdict } from '../domain/device/joined-records.ts';
import { CERTIFICATE_SOURCE } from '../domain/identity/certificate-source.ts';
import type { Identity } from '../domain/identity/identity.ts';
import { type MacAddress, parseMacAddress } from '../domain/mac-address.ts';
import { toConnectorError } from '../errors.ts';
import type { DeviceStore, StoredDevice } from '../ports/device-store.ts';
import type { IdentityStore } from '../ports/identity-store.ts';
import type { RawAnswer, RawAnswers } from '../ports/raw-answers.ts';

export interface ShowDeviceDeps {
  /** Those in force; a kind whose answers cannot be shown as they come has none. */
  readonly sources: readonly { readonly name: string; readonly raw?: RawAnswers }[];
  readonly devices: Pick<DeviceStore, 'read'>;
  readonly identities: Pick<IdentityStore, 'readOwners'>;
  /** What other sources know of a stored device; absent where there is one source alone. */
  readonly joined?: (stored: StoredDevice) => Promise<JoinedView | undefined>;
}

export type JoinedView =
  | {
      /** Of the other sources. */
      readonly records: readonly StoredDevice[];
      readonly verdicts: readonly SourceVerdict[];
      /** The source whose verdict counts, and why. */
      readonly counts: string;
      readonly because: CountsBecause;
    }
  /** More sources have its ids than know any one device: it is ambiguous. */
  | { readonly tooMany: true };

export interface DeviceView {
  readonly asked: string;
  readonly askedAs: 'MAC address' | 'id' | 'name';
  /** Absent for an address or a name that neither the store nor the source knows. */
  readonly id?: string;
  /** Whose record it is; absent for one that is not stored, of which each source was asked. */
  readonly source?: string;
  readonly stored?: StoredDevice;
  readonly joined?: JoinedView;
  /** Other devices that hold the same. */
  readonly others: readonly string[];
  readonly answers: readonly { readonly title: string; readonly answer: RawAnswer | { readonly failed: string } }[];
}

const DEVICES = '/deviceManagement/managedDevices';
const READ_AT_ONCE = 8;
/** Of an address or a name; more are not shown. */
const MOST_OWNERS = 20;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export async function showDevice(deps: ShowDeviceDeps, asked: string): Promise<DeviceView> {
  const mac = parseMacAddress(asked);
  const askedAs = GUID.test(asked) ? 'id' : mac ? 'MAC address' : 'name';
  const answers: { title: string; answer: RawAnswer | { failed: string } }[] = [];
  const ask = async (title: string, of: AskedSource, question: Promise<RawAnswer>): Promise<RawAnswer | undefined> => {
    const answer = await question.catch((thrown: unknown) => ({ failed: explain(thrown) }));
    answers.push({ title: of.name === CERTIFICATE_SOURCE ? title : `${title} (${of.name})`, answer });
    return 'status' in answer ? answer : undefined;
  };
  const asking = deps.sources.flatMap(({ name, raw }) => (raw === undefined ? [] : [{ name, raw }]));

  const known = await storedOnes(deps, asked.trim().toLowerCase(), askedAs, mac);
  const [stored, ...more] = known;
  const joined = stored && (await deps.joined?.(stored));
  let keys: readonly DeviceKey[] = known.map(({ device: { source, id } }) => ({ source, id }));
  if (stored === undefined && askedAs === 'name') {
    const path = `${DEVICES}?$filter=${nameFilter(asked)}`;
    for (const of of asking) {
      const listed = await ask('Graph, devices of this name', of, of.raw.graph(path));
      keys = [...keys, ...idsNamed(listed?.body, asked).map((id) => ({ source: of.name, id }))];
    }
  }
  const [key = askedAs === 'id' ? { id: asked.trim().toLowerCase() } : undefined] = keys;
  // What is not stored may be of any of them.
  const toAsk = asking.filter(({ name }) => key === undefined || !('source' in key) || key.source === name);
  for (const of of toAsk) {
    if (key === undefined) continue;
    await ask('Graph, the whole record', of, of.raw.graph(`${DEVICES}/${key.id}`));
    await ask(
      'Graph, Ethernet MAC and UDID (read one by one; lists leave them out)',
      of,
      of.raw.graph(`${DEVICES}/${key.id}?$select=id,ethernetMacAddress,udid`),
    );
    await ask('Compliance service (NAC 2.0), asked by id', of, of.raw.compliance(complianceQuery('guid', key.id)));
  }
  for (const of of toAsk) {
    for (const address of mac ? [mac] : macsOf(stored)) {
      const query = complianceQuery('macaddress', address.toUpperCase());
      await ask(`Compliance service (NAC 2.0), asked by MAC ${address}`, of, of.raw.compliance(query));
    }
  }
  const others =
    stored === undefined
      ? keys.slice(1)
      : more.flatMap(({ device }) => (isJoined(stored.device, device) ? [] : [device]));
  return {
    ...{ asked, askedAs },
    ...(key !== undefined && { id: key.id, ...('source' in key && { source: key.source }) }),
    ...(stored && { stored }),
    ...(joined && { joined }),
    others: others.map((other) => (other.source === CERTIFICATE_SOURCE ? other.id : deviceKeyText(other))),
    answers,
  };
}

interface AskedSource {
  readonly name: string;
  readonly raw: RawAnswers;
}

/** Stored devices that hold what was asked for, the one that is looked at first at the beginning. */
async function storedOnes(
  { identities, devices, sources }: ShowDeviceDeps,
  asked: string,
  askedAs: DeviceView['askedAs'],
  mac: MacAddress | undefined,
): Promise<readonly StoredDevice[]> {
  const read = async (keys: readonly DeviceKey[]): Promise<StoredDevice[]> =>
    (await concurrently(keys, READ_AT_ONCE, (key) => devices.read(key))).filter((record) => record !== undefined);
  const byId = isDeviceId(asked) ? await read(sources.map(({ name }) => ({ source: name, id: asked }))) : [];
  const isOfFirst = byId.some(({ device }) => device.source === CERTIFICATE_SOURCE);
  if (isOfFirst || (byId.length > 0 && askedAs !== 'id')) return byId.toSorted(byForemost);
  const identity: Identity =
    askedAs === 'id'
      ? { kind: 'entraDeviceId', value: asked }
      : mac
        ? { kind: 'mac', value: mac }
        : { kind: 'name', value: asked };
  const owners = await identities.readOwners(identity);
  const called = await read(owners.devices.slice(0, MOST_OWNERS).map(parseDeviceKeyText));
  const all = new Map([...byId, ...called].map((record) => [deviceKeyText(record.device), record]));
  return [...all.values()].toSorted(byForemost);
}

function byForemost(one: StoredDevice, other: StoredDevice): number {
  return foremostFirst(one.device, other.device);
}

function complianceQuery(criterion: 'guid' | 'macaddress', value: string): string {
  return `paging=0&querycriteria=${criterion}&value=${encodeURIComponent(value)}&filter=all`;
}

/** OData doubles a quote within a text. */
function nameFilter(name: string): string {
  return encodeURIComponent(`deviceName eq '${name.trim().replaceAll("'", "''")}'`);
}

/** Graph may ignore a filter without a word: only devices that do have the name count. */
function idsNamed(body: string | undefined, name: string): string[] {
  try {
    const { value } = JSON.parse(body ?? '') as { value?: unknown };
    const records = Array.isArray(value) ? (value as { id?: unknown; deviceName?: unknown }[]) : [];
    const wanted = name.trim().toLowerCase();
    return records.flatMap(({ id, deviceName }) =>
      typeof id === 'string' && GUID.test(id) && String(deviceName).toLowerCase() === wanted ? [id.toLowerCase()] : [],
    );
  } catch {
    return [];
  }
}

function macsOf(stored: StoredDevice | undefined): MacAddress[] {
  const { wifiMac, ethernetMac } = stored?.device ?? {};
  return [wifiMac, ethernetMac].filter((mac): mac is MacAddress => mac !== undefined);
}

function explain(thrown: unknown): string {
  const { code, message, action } = toConnectorError(thrown);
  return `${code}: ${message} ${action}`;
}
