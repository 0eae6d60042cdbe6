// One device in all places: Graph's record, its Ethernet MAC, the compliance service's answers, and the stored record.

import type { CountsBecause, SourceVerdict } from '../domain/device/joined-records.ts';
import type { Identity } from '../domain/identity/identity.ts';
import { type MacAddress, parseMacAddress } from '../domain/mac-address.ts';
import { toConnectorError } from '../errors.ts';
import type { DeviceStore, StoredDevice } from '../ports/device-store.ts';
import type { IdentityStore } from '../ports/identity-store.ts';
import type { RawAnswer, RawAnswers } from '../ports/raw-answers.ts';

export interface ShowDeviceDeps {
  readonly raw: RawAnswers;
  readonly devices: Pick<DeviceStore, 'read'>;
  readonly identities: Pick<IdentityStore, 'readOwners'>;
  /** First part of device keys. */
  readonly source: string;
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
  readonly stored?: StoredDevice;
  readonly joined?: JoinedView;
  /** Other devices that hold the same. */
  readonly others: readonly string[];
  readonly answers: readonly { readonly title: string; readonly answer: RawAnswer | { readonly failed: string } }[];
}

const DEVICES = '/deviceManagement/managedDevices';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export async function showDevice(deps: ShowDeviceDeps, asked: string): Promise<DeviceView> {
  const mac = parseMacAddress(asked);
  const askedAs = GUID.test(asked) ? 'id' : mac ? 'MAC address' : 'name';
  const candidates = await candidatesOf(deps, asked.trim().toLowerCase(), askedAs, mac);
  const answers: { title: string; answer: RawAnswer | { failed: string } }[] = [];
  const ask = async (title: string, question: Promise<RawAnswer>): Promise<RawAnswer | undefined> => {
    const answer = await question.catch((thrown: unknown) => ({ failed: explain(thrown) }));
    answers.push({ title, answer });
    return 'status' in answer ? answer : undefined;
  };

  let [id, ...others] = candidates;
  if (id === undefined && askedAs === 'name') {
    const listed = await ask('Graph, devices of this name', deps.raw.graph(`${DEVICES}?$filter=${nameFilter(asked)}`));
    [id, ...others] = idsNamed(listed?.body, asked);
  }
  const stored = id === undefined ? undefined : await deps.devices.read({ source: deps.source, id });
  const joined = stored && (await deps.joined?.(stored));
  if (id !== undefined) {
    await ask('Graph, the whole record', deps.raw.graph(`${DEVICES}/${id}`));
    await ask(
      'Graph, Ethernet MAC and UDID (read one by one; lists leave them out)',
      deps.raw.graph(`${DEVICES}/${id}?$select=id,ethernetMacAddress,udid`),
    );
    await ask('Compliance service (NAC 2.0), asked by id', deps.raw.compliance(complianceQuery('guid', id)));
  }
  for (const address of mac ? [mac] : macsOf(stored)) {
    const title = `Compliance service (NAC 2.0), asked by MAC ${address}`;
    await ask(title, deps.raw.compliance(complianceQuery('macaddress', address.toUpperCase())));
  }
  return {
    asked,
    askedAs,
    ...(id !== undefined && { id }),
    ...(stored && { stored }),
    ...(joined && { joined }),
    others,
    answers,
  };
}

/** Ids of stored devices that hold what was asked for; a GUID stands for itself, too. */
async function candidatesOf(
  { identities, devices, source }: ShowDeviceDeps,
  asked: string,
  askedAs: DeviceView['askedAs'],
  mac: MacAddress | undefined,
): Promise<string[]> {
  const identity: Identity =
    askedAs === 'id'
      ? { kind: 'entraDeviceId', value: asked }
      : mac
        ? { kind: 'mac', value: mac }
        : { kind: 'name', value: asked };
  if (askedAs === 'id' && (await devices.read({ source, id: asked })) !== undefined) return [asked];
  const { devices: keys } = await identities.readOwners(identity);
  const ids = keys.flatMap((key) => (key.startsWith(`${source}|`) ? [key.slice(source.length + 1)] : []));
  return ids.length > 0 ? ids : askedAs === 'id' ? [asked] : [];
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
