// The managedDevice resource of Graph v1.0 as far as network access control uses it: its type, its enumerations and
// which value each property may take.

export const COMPLIANCE_STATES = [
  'unknown',
  'compliant',
  'noncompliant',
  'conflict',
  'error',
  'inGracePeriod',
  'configManager',
] as const;
export const MANAGEMENT_STATES = [
  'managed',
  'retirePending',
  'retireFailed',
  'wipePending',
  'wipeFailed',
  'unhealthy',
  'deletePending',
  'retireIssued',
  'wipeIssued',
  'wipeCanceled',
  'retireCanceled',
  'discovered',
  'unknownFutureValue',
] as const;
export const MANAGEMENT_AGENTS = [
  'eas',
  'mdm',
  'easMdm',
  'intuneClient',
  'easIntuneClient',
  'configurationManagerClient',
  'configurationManagerClientMdm',
  'configurationManagerClientMdmEas',
  'unknown',
  'jamf',
  'googleCloudDevicePolicyController',
  'microsoft365ManagedMdm',
  'msSense',
] as const;
export const DEVICE_REGISTRATION_STATES = [
  'notRegistered',
  'registered',
  'revoked',
  'keyConflict',
  'approvalPending',
  'certificateReset',
  'notRegisteredPendingEnrollment',
  'unknown',
] as const;
export const DEVICE_ENROLLMENT_TYPES = [
  'unknown',
  'userEnrollment',
  'deviceEnrollmentManager',
  'appleBulkWithUser',
  'appleBulkWithoutUser',
  'windowsAzureADJoin',
  'windowsBulkUserless',
  'windowsAutoEnrollment',
  'windowsBulkAzureDomainJoin',
  'windowsCoManagement',
  'windowsAzureADJoinUsingDeviceAuth',
  'appleUserEnrollment',
  'appleUserEnrollmentWithServiceAccount',
  'unknownFutureValue',
] as const;
export const MANAGED_DEVICE_OWNER_TYPES = ['unknown', 'company', 'personal', 'unknownFutureValue'] as const;
export const PARTNER_REPORTED_THREAT_STATES = [
  'unknown',
  'activated',
  'deactivated',
  'secured',
  'lowSeverity',
  'mediumSeverity',
  'highSeverity',
  'unresponsive',
  'compromised',
  'misconfigured',
] as const;

export type ComplianceState = (typeof COMPLIANCE_STATES)[number];
export type ManagementState = (typeof MANAGEMENT_STATES)[number];
export type ManagementAgent = (typeof MANAGEMENT_AGENTS)[number];
export type DeviceRegistrationState = (typeof DEVICE_REGISTRATION_STATES)[number];
export type DeviceEnrollmentType = (typeof DEVICE_ENROLLMENT_TYPES)[number];
export type ManagedDeviceOwnerType = (typeof MANAGED_DEVICE_OWNER_TYPES)[number];
export type PartnerReportedThreatState = (typeof PARTNER_REPORTED_THREAT_STATES)[number];

export interface ManagedDevice {
  readonly id: string;
  readonly deviceName: string | null;
  readonly managedDeviceName: string | null;
  readonly complianceState: ComplianceState;
  readonly complianceGracePeriodExpirationDateTime: string;
  readonly managementState: ManagementState;
  readonly managementAgent: ManagementAgent;
  readonly managedDeviceOwnerType: ManagedDeviceOwnerType;
  readonly deviceRegistrationState: DeviceRegistrationState;
  readonly deviceEnrollmentType: DeviceEnrollmentType;
  readonly deviceCategoryDisplayName: string | null;
  readonly enrollmentProfileName: string | null;
  readonly azureADDeviceId: string | null;
  readonly azureADRegistered: boolean | null;
  readonly wiFiMacAddress: string | null;
  readonly ethernetMacAddress: string | null;
  readonly serialNumber: string | null;
  readonly imei: string | null;
  readonly meid: string | null;
  readonly udid: string | null;
  readonly iccid: string | null;
  readonly operatingSystem: string | null;
  readonly osVersion: string | null;
  readonly model: string | null;
  readonly manufacturer: string | null;
  readonly androidSecurityPatchLevel: string | null;
  readonly isEncrypted: boolean;
  readonly isSupervised: boolean;
  readonly jailBroken: string | null;
  readonly partnerReportedThreatState: PartnerReportedThreatState;
  readonly userId: string | null;
  readonly userPrincipalName: string | null;
  readonly userDisplayName: string | null;
  readonly emailAddress: string | null;
  readonly enrolledDateTime: string;
  readonly lastSyncDateTime: string;
  readonly managementCertificateExpirationDate: string;
}

export type ManagedDeviceProperty = keyof ManagedDevice;

/** What a caller may set on a device: any property but its id. */
export type ManagedDeviceChange = Partial<Omit<ManagedDevice, 'id'>>;

type PropertyRule =
  | { readonly kind: 'text' }
  | { readonly kind: 'guid' }
  | { readonly kind: 'dateTime' }
  | { readonly kind: 'boolean'; readonly nullable: boolean }
  | { readonly kind: 'enumeration'; readonly values: readonly string[] };

const TEXT: PropertyRule = { kind: 'text' };
const DATE_TIME: PropertyRule = { kind: 'dateTime' };
const enumeration = (values: readonly string[]): PropertyRule => ({ kind: 'enumeration', values });

const PROPERTY_RULES: Readonly<Record<ManagedDeviceProperty, PropertyRule>> = {
  id: { kind: 'guid' },
  deviceName: TEXT,
  managedDeviceName: TEXT,
  complianceState: enumeration(COMPLIANCE_STATES),
  complianceGracePeriodExpirationDateTime: DATE_TIME,
  managementState: enumeration(MANAGEMENT_STATES),
  managementAgent: enumeration(MANAGEMENT_AGENTS),
  managedDeviceOwnerType: enumeration(MANAGED_DEVICE_OWNER_TYPES),
  deviceRegistrationState: enumeration(DEVICE_REGISTRATION_STATES),
  deviceEnrollmentType: enumeration(DEVICE_ENROLLMENT_TYPES),
  deviceCategoryDisplayName: TEXT,
  enrollmentProfileName: TEXT,
  azureADDeviceId: TEXT,
  azureADRegistered: { kind: 'boolean', nullable: true },
  wiFiMacAddress: TEXT,
  ethernetMacAddress: TEXT,
  serialNumber: TEXT,
  imei: TEXT,
  meid: TEXT,
  udid: TEXT,
  iccid: TEXT,
  operatingSystem: TEXT,
  osVersion: TEXT,
  model: TEXT,
  manufacturer: TEXT,
  androidSecurityPatchLevel: TEXT,
  isEncrypted: { kind: 'boolean', nullable: false },
  isSupervised: { kind: 'boolean', nullable: false },
  jailBroken: TEXT,
  partnerReportedThreatState: enumeration(PARTNER_REPORTED_THREAT_STATES),
  userId: TEXT,
  userPrincipalName: TEXT,
  userDisplayName: TEXT,
  emailAddress: TEXT,
  enrolledDateTime: DATE_TIME,
  lastSyncDateTime: DATE_TIME,
  managementCertificateExpirationDate: DATE_TIME,
};

const GUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DATE_TIME_PATTERN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

export function isManagedDeviceProperty(name: string): name is ManagedDeviceProperty {
  return Object.hasOwn(PROPERTY_RULES, name);
}

export const MANAGED_DEVICE_PROPERTIES: readonly ManagedDeviceProperty[] =
  Object.keys(PROPERTY_RULES).filter(isManagedDeviceProperty);

/** Why the value does not fit the property, in words for the person who sent it; undefined when it fits. */
export function valueObjection(name: ManagedDeviceProperty, value: unknown): string | undefined {
  const rule = PROPERTY_RULES[name];
  switch (rule.kind) {
    case 'text':
      // Text is not looked into: Intune passes on what devices report, and odd MAC addresses are worth simulating.
      return value === null || typeof value === 'string' ? undefined : `${name} must be a string or null`;
    case 'guid':
      return typeof value === 'string' && GUID_PATTERN.test(value) ? undefined : `${name} must be a GUID`;
    case 'dateTime':
      return typeof value === 'string' && DATE_TIME_PATTERN.test(value) && !Number.isNaN(Date.parse(value))
        ? undefined
        : `${name} must be a UTC date and time such as 2026-01-02T03:04:05Z`;
    case 'boolean':
      return typeof value === 'boolean' || (value === null && rule.nullable)
        ? undefined
        : `${name} must be true or false${rule.nullable ? ' or null' : ''}`;
    case 'enumeration':
      return typeof value === 'string' && rule.values.includes(value)
        ? undefined
        : `${name} must be one of ${rule.values.join(', ')}`;
  }
}
