// Which questions an override concerns. A block takes every question that names its target: a block by mistake is seen
// at once. A let-on takes only what the station has proved: an address or a name that can be made up raises no station.

import type { Device, DeviceKey } from '../device/device.ts';
import { mayBeSameMachine } from '../device/same-machine.ts';
import { distinguishedNameMatches } from '../distinguished-name.ts';
import type { Assurance, PresentedIdentity } from '../identity/identity.ts';
import { personPart } from '../identity/same-person.ts';
import { canIdentifyDevice, type MacAddress } from '../mac-address.ts';
import type { BlockedMachine, Override, OverrideTarget } from './override.ts';
import type { PolicyFacts } from './policy-facts.ts';

/** An identity that a question names. */
export type NamedIdentity = Pick<PresentedIdentity, 'kind' | 'value' | 'source'> &
  Partial<Pick<PresentedIdentity, 'assurance'>>;

/** A question, as far as overrides look at it. */
export interface OverrideQuestion {
  readonly facts: PolicyFacts;
  /** What the question named, to find a device by. */
  readonly identities: readonly NamedIdentity[];
  /** The device that was found, with as much of its record as is known. */
  readonly device?: (DeviceKey & Partial<Device>) | undefined;
  /** Its records in other sources: what blocks one of them blocks the device. */
  readonly joined?: readonly DeviceKey[] | undefined;
  /** False where policy does not know the certificate's issuer: then nothing in it proves anything. */
  readonly certificateCounts: boolean;
}

/** Evidence that a device is the one it is taken for: what only one device has, or what the site authenticated. */
const PROOF_OF_DEVICE: readonly Assurance[] = [
  'certificate-guid',
  'certificate-bare-guid',
  'certificate-name',
  'computer-account',
];

/** Whether the question names what the override is about, proved or not. */
export function isNamed(
  { target, site, machine }: Pick<Override, 'target' | 'site' | 'machine'>,
  question: OverrideQuestion,
): boolean {
  const { facts } = question;
  if (site !== undefined && site !== facts.site) return false;
  if ('device' in target) return namesDevice(target.device, question) || namesMachine(machine, question);
  if ('mac' in target) return facts.mac === target.mac || namesAddress(target.mac, question);
  if ('user' in target) return personsNamed(question).has(personOf(target));
  const { serial, issuer } = target.certificate;
  if (facts.certificateSerial !== serial) return false;
  // The issuer may be cut, or not be sent: then the number is enough to block.
  return issuer === undefined || !facts.certificateIssuer || distinguishedNameMatches(issuer, facts.certificateIssuer);
}

/** Whether the question proves it: then a let-on may raise the station. */
export function isProven(target: OverrideTarget, question: OverrideQuestion): boolean {
  const { facts, certificateCounts } = question;
  if (facts.standing === 'notAuthenticated') return false;
  if ('mac' in target) return facts.mac === target.mac && facts.methods?.includes('mab') === true;
  if (!certificateCounts) return false;
  if ('device' in target) return provesDevice(target.device, question);
  if ('user' in target)
    return facts.users?.some((user) => comparableName(user) === comparableName(target.user)) === true;
  const { serial, issuer } = target.certificate;
  return (
    facts.certificateSerial === serial &&
    issuer !== undefined &&
    distinguishedNameMatches(issuer, facts.certificateIssuer ?? '')
  );
}

function namesDevice({ source, id }: DeviceKey, { device, joined = [], identities }: OverrideQuestion): boolean {
  if ([device, ...joined].some((record) => record?.source === source && record.id === id)) return true;
  return identities.some(
    ({ kind, value, source: of }) => kind === 'deviceId' && value === id && (of ?? source) === source,
  );
}

/** In a certificate, or in what a VPN client says: there Calling-Station-Id is an IP address. */
function namesAddress(mac: string, { identities }: OverrideQuestion): boolean {
  return identities.some(({ kind, value }) => kind === 'mac' && value === mac);
}

function provesDevice({ source, id }: DeviceKey, { device, facts }: OverrideQuestion): boolean {
  if (device?.source !== source || device.id !== id) return false;
  const { assurance, contradictions = [] } = facts;
  return assurance !== undefined && PROOF_OF_DEVICE.includes(assurance) && contradictions.length === 0;
}

/** Another record of the blocked machine, or a question without a record that names it by a mark of one machine. */
function namesMachine(machine: BlockedMachine | undefined, { device, identities, facts }: OverrideQuestion): boolean {
  if (machine === undefined) return false;
  const addresses = machine.identities.flatMap(({ kind, value }) => (kind === 'mac' ? [value] : []));
  if (device !== undefined) return mayBeSameMachine(machine, addresses, device, addressesOf(device));
  if (facts.mac !== undefined && addresses.includes(facts.mac)) return true;
  return machine.identities.some((own) =>
    identities.some(({ kind, value }) => kind === own.kind && value === own.value),
  );
}

function addressesOf({ wifiMac, ethernetMac }: Partial<Device>): MacAddress[] {
  return [wifiMac, ethernetMac].filter((mac) => mac !== undefined).filter(canIdentifyDevice);
}

/** Many questions meet many overrides: each name is taken apart once. */
const PERSONS_BLOCKED = new WeakMap<OverrideTarget & { readonly user: string }, string>();
const PERSONS_NAMED = new WeakMap<OverrideQuestion, ReadonlySet<string>>();

function personOf(target: OverrideTarget & { readonly user: string }): string {
  let person = PERSONS_BLOCKED.get(target);
  if (person === undefined) {
    person = personPart(target.user);
    PERSONS_BLOCKED.set(target, person);
  }
  return person;
}

function personsNamed(question: OverrideQuestion): ReadonlySet<string> {
  let persons = PERSONS_NAMED.get(question);
  if (persons === undefined) {
    persons = new Set(
      namesOf(question)
        .map(personPart)
        .filter((name) => name !== ''),
    );
    PERSONS_NAMED.set(question, persons);
  }
  return persons;
}

/**
 * Authenticated names, what the station calls itself, what its certificate is called, and whose its device is: to
 * block, one of them is enough. A directory lets a person sign in by names that have nothing in common; whose the
 * device is stays.
 */
function namesOf({ facts, identities }: OverrideQuestion): readonly string[] {
  const { users = [], userName, device } = facts;
  const ofCertificate = identities.filter(({ kind, assurance }) => kind === 'name' && assurance === 'certificate-name');
  return [
    ...users,
    ...(userName === undefined ? [] : [userName]),
    ...(device?.userPrincipalName === undefined ? [] : [device.userPrincipalName]),
    ...ofCertificate.map(({ value }) => value),
  ];
}

/** An accent may be a character of its own or part of the letter: both forms occur (Unicode UAX 15). */
function comparableName(text: string): string {
  return text.trim().normalize('NFC').toLowerCase();
}
