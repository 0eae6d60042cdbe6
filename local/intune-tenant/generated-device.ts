// Makes device number N of a seed: always the same device, however many others there are. The first six are fixed in
// the ways that network access control has to cope with.

import { graphDate } from './graph-date.ts';
import type {
  ComplianceState,
  DeviceEnrollmentType,
  ManagedDevice,
  ManagedDeviceOwnerType,
  ManagementAgent,
  ManagementState,
  PartnerReportedThreatState,
} from './managed-device.ts';
import { type SeededRandom, scramble, seededRandom } from './seeded-random.ts';

const ONE_MINUTE = 60_000;
const ONE_DAY = 24 * 60 * ONE_MINUTE;

interface Platform {
  readonly operatingSystem: string;
  readonly manufacturer: string;
  readonly models: readonly string[];
  readonly versions: readonly string[];
  readonly enrollment: DeviceEnrollmentType;
  readonly agent: ManagementAgent;
  readonly wired: boolean;
  readonly cellular: boolean;
}

const WINDOWS: Platform = {
  operatingSystem: 'Windows',
  manufacturer: 'Dell Inc.',
  models: ['Latitude 5450', 'Latitude 7450', 'Precision 3590'],
  versions: ['10.0.26100.4652', '10.0.22631.5624', '10.0.19045.6093'],
  enrollment: 'windowsAzureADJoin',
  agent: 'mdm',
  wired: true,
  cellular: false,
};
const MAC_OS: Platform = {
  operatingSystem: 'macOS',
  manufacturer: 'Apple',
  models: ['MacBook Pro', 'MacBook Air', 'Mac mini'],
  versions: ['15.6 (24G84)', '14.7.7 (23H723)'],
  enrollment: 'appleBulkWithUser',
  agent: 'mdm',
  wired: true,
  cellular: false,
};
const IOS: Platform = {
  operatingSystem: 'iOS',
  manufacturer: 'Apple',
  models: ['iPhone 15', 'iPhone 16', 'iPad Air'],
  versions: ['18.6', '18.5', '17.7.2'],
  enrollment: 'userEnrollment',
  agent: 'mdm',
  wired: false,
  cellular: true,
};
const ANDROID: Platform = {
  operatingSystem: 'Android',
  manufacturer: 'Samsung',
  models: ['SM-S921B', 'SM-A556B', 'SM-X510'],
  versions: ['15.0', '14.0'],
  enrollment: 'userEnrollment',
  agent: 'googleCloudDevicePolicyController',
  wired: false,
  cellular: true,
};

const PLATFORMS = [
  [WINDOWS, 58],
  [IOS, 18],
  [MAC_OS, 12],
  [ANDROID, 12],
] as const;
const COMPLIANCE: readonly (readonly [ComplianceState, number])[] = [
  ['compliant', 78],
  ['noncompliant', 8],
  ['inGracePeriod', 4],
  ['unknown', 3],
  ['error', 3],
  ['configManager', 2],
  ['conflict', 2],
];
const MANAGEMENT: readonly (readonly [ManagementState, number])[] = [
  ['managed', 94],
  ['retirePending', 1],
  ['retireIssued', 1],
  ['wipePending', 1],
  ['unhealthy', 1],
  ['deletePending', 1],
  ['discovered', 1],
];
const OWNERSHIP: readonly (readonly [ManagedDeviceOwnerType, number])[] = [
  ['company', 80],
  ['personal', 19],
  ['unknown', 1],
];
const THREATS: readonly (readonly [PartnerReportedThreatState, number])[] = [
  ['unknown', 70],
  ['secured', 26],
  ['mediumSeverity', 3],
  ['highSeverity', 1],
];

/** The compliance of devices 1 to 6, whatever the seed. */
const FIXED_COMPLIANCE: readonly ComplianceState[] = [
  'compliant',
  'noncompliant',
  'compliant',
  'noncompliant',
  'compliant',
  'compliant',
];

// Universally administered, unicast: the two lowest bits of the first octet are 0.
const WIFI_VENDORS = ['A0B1C2', '3C5282', '8C1645', 'F4D488'];
const ETHERNET_VENDORS = ['00155D', '54BF64', 'B4A9FC'];

export interface DeviceOrigin {
  readonly seed: number;
  /** From 1. */
  readonly index: number;
  /** The instant to which the device's dates are relative. */
  readonly reference: Date;
}

/**
 * Device `index` of the seed with every property filled in, including those that Graph keeps back in lists. The first
 * six are company laptops with Windows, in state `managed`:
 *
 * - 1: compliant, with a Wi-Fi MAC address
 * - 2: noncompliant
 * - 3 and 4: one Wi-Fi MAC address between them, as when two laptops were enrolled on one dock; 3 is compliant, 4 is
 *   not
 * - 5: no Wi-Fi MAC address
 * - 6: a locally administered (randomised) Wi-Fi MAC address
 */
export function generatedDevice(origin: DeviceOrigin): ManagedDevice {
  const { seed, index } = origin;
  const drawn = drawnDevice(origin);
  switch (index) {
    case 4:
      return { ...drawn, wiFiMacAddress: wiFiMac(seed, 3) };
    case 5:
      return { ...drawn, wiFiMacAddress: '' };
    case 6:
      return { ...drawn, wiFiMacAddress: `DA${wiFiMac(seed, 6).slice(2)}` };
    default:
      return drawn;
  }
}

/** The name of generated device `index`, such as NAC-00001. */
export function generatedDeviceName(index: number): string {
  return `NAC-${String(index).padStart(5, '0')}`;
}

function drawnDevice({ seed, index, reference }: DeviceOrigin): ManagedDevice {
  const random = seededRandom(seed, index);
  const name = generatedDeviceName(index);
  const number = String(index).padStart(5, '0');

  const id = random.guid();
  const azureADDeviceId = random.guid();
  const userId = random.guid();
  const drawnPlatform = random.weighted<Platform>(PLATFORMS);
  const drawnCompliance = random.weighted(COMPLIANCE);
  const drawnManagement = random.weighted(MANAGEMENT);
  const drawnOwner = random.weighted(OWNERSHIP);
  const fixed = FIXED_COMPLIANCE[index - 1];
  const complianceState = fixed ?? drawnCompliance;
  const managementState = fixed === undefined ? drawnManagement : 'managed';
  const owner = fixed === undefined ? drawnOwner : 'company';
  // Only Windows is co-managed by Configuration Manager, and the fixed devices are office laptops.
  const platform = complianceState === 'configManager' || fixed !== undefined ? WINDOWS : drawnPlatform;
  const lastSync = reference.getTime() - random.below(8 * 60) * ONE_MINUTE;
  const enrolled = reference.getTime() - (30 + random.below(700)) * ONE_DAY - random.below(24 * 60) * ONE_MINUTE;
  const graceEnd = reference.getTime() + (2 + random.below(6)) * ONE_DAY;
  const cellular = platform.cellular && random.next() < 0.8;
  const apple = platform.manufacturer === 'Apple';

  return {
    id,
    deviceName: name,
    managedDeviceName: `user-${number}_${platform.operatingSystem}_${graphDate(new Date(enrolled))}`,
    complianceState,
    complianceGracePeriodExpirationDateTime:
      complianceState === 'inGracePeriod' ? graphDate(new Date(graceEnd)) : '9999-12-31T23:59:59Z',
    managementState,
    managementAgent: complianceState === 'configManager' ? 'configurationManagerClientMdm' : platform.agent,
    managedDeviceOwnerType: owner,
    deviceRegistrationState: managementState === 'discovered' ? 'notRegistered' : 'registered',
    deviceEnrollmentType: complianceState === 'configManager' ? 'windowsCoManagement' : platform.enrollment,
    deviceCategoryDisplayName: random.weighted([
      ['Unassigned', 8],
      ['Office', 2],
    ]),
    enrollmentProfileName: platform === WINDOWS ? 'Standard laptops' : '',
    azureADDeviceId,
    azureADRegistered: true,
    wiFiMacAddress: wiFiMac(seed, index),
    ethernetMacAddress: platform.wired ? ethernetMac(seed, index) : '',
    serialNumber: random.hex(10),
    imei: cellular ? decimalDigits(random, '35', 15) : '',
    meid: cellular ? decimalDigits(random, '35', 14) : '',
    udid: apple ? `00008${random.hex(3)}-${random.hex(16)}` : '',
    iccid: cellular ? decimalDigits(random, '8901', 20) : '',
    operatingSystem: platform.operatingSystem,
    osVersion: oneOf(random, platform.versions),
    model: oneOf(random, platform.models),
    manufacturer: platform.manufacturer,
    androidSecurityPatchLevel: platform === ANDROID ? '2026-01-01' : '',
    isEncrypted: random.next() < 0.95,
    isSupervised: apple && owner === 'company',
    jailBroken: platform.cellular
      ? random.weighted([
          ['False', 98],
          ['True', 2],
        ])
      : 'Unknown',
    partnerReportedThreatState: random.weighted(THREATS),
    userId,
    userPrincipalName: `user-${number}@nac.example`,
    userDisplayName: `User ${number}`,
    emailAddress: `user-${number}@nac.example`,
    enrolledDateTime: graphDate(new Date(enrolled)),
    lastSyncDateTime: graphDate(new Date(lastSync)),
    managementCertificateExpirationDate: graphDate(new Date(enrolled + 3 * 365 * ONE_DAY)),
  };
}

function wiFiMac(seed: number, index: number): string {
  return macAddress(WIFI_VENDORS, seed, 2 * index);
}

function ethernetMac(seed: number, index: number): string {
  return macAddress(ETHERNET_VENDORS, seed, 2 * index + 1);
}

/** An odd multiplier is one-to-one modulo 2^24: no two interfaces get the same address by chance. */
function macAddress(vendors: readonly string[], seed: number, interfaceNumber: number): string {
  const serial = (Math.imul(interfaceNumber, 0x9e3779b1) + scramble(seed)) & 0xffffff;
  const vendor = vendors[scramble(interfaceNumber) % vendors.length] ?? '';
  return `${vendor}${serial.toString(16).padStart(6, '0').toUpperCase()}`;
}

function decimalDigits(random: SeededRandom, prefix: string, length: number): string {
  let digits = prefix;
  while (digits.length < length) {
    digits += String(random.below(10));
  }
  return digits;
}

function oneOf(random: SeededRandom, values: readonly string[]): string {
  return values[random.below(values.length)] ?? '';
}
