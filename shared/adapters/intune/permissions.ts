// The application permissions of this product: what each is for, and what works without it.

export type Api = 'Microsoft Graph' | 'Intune API';

export interface Permission {
  readonly api: Api;
  readonly role: string;
  /** App role id, by which portals and scripts add it. */
  readonly roleId: string;
  readonly purpose: string;
  /** Larger ones that include it. */
  readonly includedIn: readonly string[];
}

/**
 * Role ids: Microsoft Graph permissions reference. That of get_device_compliance is not published by Microsoft; look it
 * up with `GET /servicePrincipals?$filter=appId eq 'c161e42e-d4df-4a3d-9b42-e7a3c31f59d4'` if it is refused.
 */
export const PERMISSIONS = {
  devices: {
    api: 'Microsoft Graph',
    role: 'DeviceManagementManagedDevices.Read.All',
    roleId: '2f51be20-0bb4-4fed-bf7b-db946066c75e',
    purpose: 'sweeps of all devices, with names and addresses',
    includedIn: ['DeviceManagementManagedDevices.ReadWrite.All'],
  },
  discovery: {
    api: 'Microsoft Graph',
    role: 'Application.Read.All',
    roleId: '9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30',
    purpose: 'finding Intune’s Compliance Retrieval service',
    includedIn: ['Application.ReadWrite.All', 'Application.ReadWrite.OwnedBy', 'Directory.Read.All'],
  },
  directory: {
    api: 'Microsoft Graph',
    role: 'Device.Read.All',
    roleId: '7438b122-aefc-4978-80ed-43db9fcc7715',
    purpose: 'hearing of changes between sweeps',
    includedIn: ['Device.ReadWrite.All', 'Directory.Read.All'],
  },
  compliance: {
    api: 'Intune API',
    role: 'get_device_compliance',
    roleId: '7ec88bad-30c7-4928-a005-4455362cfd98',
    purpose: 'asking for one device at once, and for the noncompliant ones',
    includedIn: [],
  },
} as const satisfies Record<string, Permission>;

export type PermissionName = keyof typeof PERMISSIONS;

/** Everything, or with the least permissions the devices that authenticate: one of the two must be whole. */
export const LEVELS: readonly (readonly PermissionName[])[] = [['devices'], ['compliance', 'discovery']];

/** What the settings count on, and which setting does. */
export interface NeededPermission {
  readonly names: readonly PermissionName[];
  /** How to live without them. */
  readonly instead: string;
}

/** @param level of INTUNE_PERMISSIONS @param directory whether ENTRA_DEVICE_DELTA is on */
export function permissionNeeds(level: 'full' | 'compliance-only', directory: boolean): readonly NeededPermission[] {
  const ofLevel: NeededPermission =
    level === 'full'
      ? { names: ['devices'], instead: 'set INTUNE_PERMISSIONS to compliance-only' }
      : { names: ['compliance', 'discovery'], instead: 'set INTUNE_PERMISSIONS to full' };
  const ofDelta: NeededPermission = { names: ['directory'], instead: 'set ENTRA_DEVICE_DELTA to off' };
  // Without sweeps the connector does not ask Entra what changed.
  return directory && level === 'full' ? [ofLevel, ofDelta] : [ofLevel];
}

export function includesRole(granted: ReadonlySet<string>, { role, includedIn }: Permission): boolean {
  return granted.has(role) || includedIn.some((larger) => granted.has(larger));
}
