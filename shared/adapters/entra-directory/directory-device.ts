// What Entra's device record (Graph v1.0, device) says, as a device of this product. Its id is the id of the directory
// object, since a deleted object has no other; certificates carry `deviceId`, which is kept as the Entra device id.

import type { ComplianceState } from '../../domain/device/compliance-state.ts';
import type { Device, OwnerAccount } from '../../domain/device/device.ts';
import type { Instant } from '../../domain/instant.ts';
import type { RecordProblem } from '../../ports/compliance-source.ts';
import { asRecord, readGuid } from '../graph/odata-page.ts';

/** Of each device; `approximateLastSignInDateTime` moves about every two weeks (Graph, device). */
const PROPERTIES = [
  'id',
  'deviceId',
  'displayName',
  'accountEnabled',
  'isCompliant',
  'isManaged',
  'isRooted',
  'complianceExpirationDateTime',
  'operatingSystem',
  'operatingSystemVersion',
  'trustType',
  'profileType',
  'managementType',
  'mdmAppId',
  'deviceOwnership',
  'registrationDateTime',
  'approximateLastSignInDateTime',
] as const;

/** Of the registered owners, where the accounts of users count. */
const OWNER_PROPERTIES = 'id,userPrincipalName,accountEnabled';

export interface DirectoryQuery {
  /** The accounts of owners count: User.Read.All. */
  readonly users: boolean;
  /** Owners may be members of groups that policy asks for. */
  readonly groups: boolean;
}

/** `$select` and `$expand` of a device. */
export function deviceQuery({ users, groups }: DirectoryQuery): string {
  const select = `$select=${PROPERTIES.join(',')}`;
  if (users) return `${select}&$expand=registeredOwners($select=${OWNER_PROPERTIES})`;
  return groups ? `${select}&$expand=registeredOwners($select=id)` : select;
}

export interface DirectoryRecord {
  /** Without what is known of groups. */
  readonly device: Device;
  /** The device and its owners, as groups know them; absent where there are more than are asked after. */
  readonly objectIds?: readonly string[];
}

export interface DirectoryReading {
  /** Absent when the record as a whole cannot be trusted. */
  readonly record?: DirectoryRecord;
  readonly problems: readonly RecordProblem[];
  readonly id?: string;
}

const NO_DEVICE_ID = '00000000-0000-0000-0000-000000000000';
const LONGEST_TEXT = 250;
/** Groups are asked of each; Graph says that a device has one (device: registeredOwners). */
const MOST_OWNERS = 3;

/** Never throws. @param at when the record was asked for: a verdict that ran out before then does not count */
export function readDirectoryDevice(
  source: string,
  value: unknown,
  at: Instant,
  query: DirectoryQuery,
): DirectoryReading {
  const record = asRecord(value);
  const id = readGuid(record['id']);
  if (id === undefined) return { problems: [{ field: 'id', problem: 'is missing or not an object id' }] };
  const entraDeviceId = readGuid(record['deviceId']);
  if (entraDeviceId === undefined || entraDeviceId === NO_DEVICE_ID)
    return { id, problems: [{ id, field: 'deviceId', problem: 'is missing or not a device id' }] };
  // A device is disabled, or it is not: without an answer it must not come back.
  const { accountEnabled } = record;
  if (typeof accountEnabled !== 'boolean')
    return { id, problems: [{ id, field: 'accountEnabled', problem: 'is neither true nor false' }] };
  const owners = readOwners(record['registeredOwners'], query);
  if ('problem' in owners) return { id, problems: [{ id, field: 'registeredOwners', problem: owners.problem }] };
  const device: Device = {
    source,
    id,
    complianceState: stateOf(record, at),
    entraDeviceId,
    accountEnabled,
    registrationState: 'registered',
    ...given('name', text(record['displayName'])),
    ...given('operatingSystem', text(record['operatingSystem'])),
    ...given('osVersion', text(record['operatingSystemVersion'])),
    ...given('ownership', text(record['deviceOwnership'])?.toLowerCase()),
    ...given('trustType', text(record['trustType'])),
    ...given('profileType', text(record['profileType'])),
    ...given('mdmAppId', text(record['mdmAppId'])?.toLowerCase()),
    ...given('managementAgent', record['isManaged'] === true ? text(record['managementType']) : 'notManaged'),
    ...given('jailBroken', typeof record['isRooted'] === 'boolean' ? String(record['isRooted']) : undefined),
    ...given('enrolledAt', instant(record['registrationDateTime'])),
    ...given('lastSyncAt', instant(record['approximateLastSignInDateTime'])),
    ...given('userPrincipalName', owners.userPrincipalName),
    ...given('ownerAccount', owners.account),
  };
  return {
    id,
    record: { device, ...(owners.ids.length <= MOST_OWNERS && { objectIds: [id, ...owners.ids] }) },
    problems: [],
  };
}

/**
 * Only a device that an MDM manages is compliant, and only until the verdict runs out (Graph, device:
 * complianceExpirationDateTime, "when the device is no longer deemed compliant"). Null says that no MDM has judged it.
 */
function stateOf(record: Record<string, unknown>, at: Instant): ComplianceState {
  const { isCompliant, isManaged } = record;
  if (isManaged !== true) return 'unknown';
  if (typeof isCompliant !== 'boolean') return 'unknown';
  const end = instant(record['complianceExpirationDateTime']);
  return isCompliant && (end === undefined || end > at) ? 'compliant' : 'noncompliant';
}

/** When a verdict that counts now runs out. */
export function verdictEndsAt(value: unknown, device: Device): Instant | undefined {
  return device.complianceState === 'compliant' ? instant(asRecord(value)['complianceExpirationDateTime']) : undefined;
}

interface Owners {
  readonly ids: readonly string[];
  readonly userPrincipalName?: string;
  readonly account?: OwnerAccount;
}

function readOwners(value: unknown, query: DirectoryQuery): Owners | { readonly problem: string } {
  if (!query.users && !query.groups) return { ids: [] };
  if (!Array.isArray(value)) return { problem: 'are missing' };
  const owners = value.map(asRecord);
  const ids = owners.flatMap((owner) => readGuid(owner['id']) ?? []);
  if (!query.users) return { ids };
  const users = owners.filter(isUser);
  if (users.length === 0) return { ids, account: 'none' };
  const accounts = users.map((user) => user['accountEnabled']);
  // Without User.Read.All Graph shows an owner, and nothing of it: a disabled one must not look like any other.
  if (!accounts.every((account) => typeof account === 'boolean'))
    return { problem: 'do not show accountEnabled (User.Read.All)' };
  const userPrincipalName = text(users[0]?.['userPrincipalName']);
  return {
    ids,
    account: accounts.includes(false) ? 'disabled' : 'enabled',
    ...(userPrincipalName !== undefined && { userPrincipalName }),
  };
}

/** An owner may be a service principal, too. */
function isUser(owner: Record<string, unknown>): boolean {
  const type = owner['@odata.type'];
  return type === undefined || type === '#microsoft.graph.user';
}

/** Without control characters, of a length that a row holds; names of devices are what their users made them. */
function text(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const cleaned = value.replaceAll(/\p{Cc}/gu, ' ').trim();
  return cleaned === '' ? undefined : cleaned.slice(0, LONGEST_TEXT).toWellFormed();
}

/** Graph says "never" as year 1 or year 9999. */
function instant(value: unknown): Instant | undefined {
  if (typeof value !== 'string' || !/^[12]\d{3}-\d\d-\d\dT/.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function given<Name extends keyof Device>(name: Name, value: Device[Name] | undefined): Partial<Pick<Device, Name>> {
  return value === undefined ? {} : ({ [name]: value } as unknown as Pick<Device, Name>);
}
