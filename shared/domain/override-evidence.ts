// Which questions an override concerns. A block takes whatever names its target, since being blocked by mistake is seen at once.
// A let-on takes only what the station has proved: an address or a name that can be made up raises no station.

import type { DeviceKey } from './device.ts';
import { distinguishedNameMatches } from './distinguished-name.ts';
import type { Assurance, PresentedIdentity } from './identity.ts';
import type { Override, OverrideTarget } from './override.ts';
import type { PolicyFacts } from './policy-facts.ts';

/** A question, as far as overrides look at it. */
export interface OverrideQuestion {
  readonly facts: PolicyFacts;
  /** What the question named, to find a device by. */
  readonly identities: readonly Pick<PresentedIdentity, 'kind' | 'value' | 'source'>[];
  /** The device that was found. */
  readonly device?: DeviceKey | undefined;
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
export function isNamed({ target, site }: Pick<Override, 'target' | 'site'>, question: OverrideQuestion): boolean {
  const { facts } = question;
  if (site !== undefined && site !== facts.site) return false;
  if ('device' in target) return namesDevice(target.device, question);
  if ('mac' in target) return facts.mac === target.mac || namesAddress(target.mac, question);
  if ('user' in target) return namesOf(facts).some((name) => mayBeSamePerson(name, target.user));
  const { serial, issuer } = target.certificate;
  if (facts.certificateSerial !== serial) return false;
  // Who issued it may be cut, or not be sent: then the number is enough to block.
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

function namesDevice({ source, id }: DeviceKey, { device, identities }: OverrideQuestion): boolean {
  if (device?.source === source && device.id === id) return true;
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

/** Authenticated names, and what the station calls itself: to block, its word is enough. */
function namesOf({ users = [], userName }: PolicyFacts): readonly string[] {
  return userName === undefined ? users : [...users, userName];
}

/** A realm is compared where both have one; `CONTOSO\jane` and `jane` may be `jane@contoso.com`. */
function mayBeSamePerson(one: string, other: string): boolean {
  const [a, b] = [nameParts(one), nameParts(other)];
  return a.name === b.name && (a.realm === undefined || b.realm === undefined || a.realm === b.realm);
}

/** An accent may be a character of its own, or a part of the letter: clients and directories write both (Unicode UAX 15). */
function comparableName(text: string): string {
  return text.trim().normalize('NFC').toLowerCase();
}

function nameParts(text: string): { readonly name: string; readonly realm: string | undefined } {
  const name = comparableName(text.slice(text.indexOf('\\') + 1));
  const at = name.indexOf('@');
  return at < 0 ? { name, realm: undefined } : { name: name.slice(0, at), realm: name.slice(at + 1) };
}
