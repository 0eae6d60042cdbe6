// Which identities a request presents and may rely on, strongest first, and why others were left out.

import { isGroupAddress, isLocallyAdministered, type MacAddress, parseMacAddress } from '../mac-address.ts';
import type { AccessRequest } from './access-request.ts';
import type { CertificateProblem } from './certificate-device-id.ts';
import { certificateIdentities } from './certificate-identities.ts';
import { computerAccountNames, isComputerAccount } from './computer-name.ts';
import type { Identity, PresentedIdentity } from './identity.ts';
import type { OverrideProblem } from './override-problem.ts';
import { vpnClientIdentities } from './vpn-client-identities.ts';

export type IdentityProblem =
  | OverrideProblem
  | CertificateProblem
  /** Names of one certificate carry ids of two devices; the surest counts. */
  | 'cn-contradicts-san'
  | 'mac-missing'
  | 'mac-malformed'
  | 'mac-random'
  | 'mac-not-a-station'
  /** Declared as MAB, but User-Name is not the MAC address: a user with a password, not a bypass. */
  | 'mab-user-name-differs'
  /** Neither MAB, nor a certificate, nor authenticated by the site: nothing to authorise. */
  | 'not-authenticated'
  /** The certificate is of none of the issuers that policy names, so what it says counts for nothing. */
  | 'certificate-issuer-unknown'
  /** Policy does not say which issuers count: any that the RADIUS server trusts names any device. */
  | 'certificate-issuer-undeclared'
  /** A condition of a rule that might have decided could not be read; docs/policy.md says what follows. */
  | `unreadable-${string}`
  /** The computer account is of none of the declared domains, so its name proves nothing. */
  | 'computer-domain-unknown'
  /** No domains are declared: a computer account of any domain that the RADIUS server asks counts. */
  | 'computer-domain-undeclared'
  /** The MAC address is known as another device's than the stronger identity's, which counts. */
  | 'mac-of-another-device'
  /** What the VPN client reports is known as another device's than the stronger identity's, which counts. */
  | 'claim-of-another-device'
  /** The computer account or the MDM's device id leads to no device; a weaker identity led to this one. */
  | 'named-device-unknown';

/** Problems that say of two things in the question that they are of two devices. */
export const CONTRADICTIONS = [
  'named-device-unknown',
  'claim-of-another-device',
  'mac-of-another-device',
  'cn-contradicts-san',
] as const satisfies readonly IdentityProblem[];
export type Contradiction = (typeof CONTRADICTIONS)[number];

export function contradictionsAmong(problems: readonly IdentityProblem[]): Contradiction[] {
  return CONTRADICTIONS.filter((contradiction) => problems.includes(contradiction));
}

export interface PresentedIdentities {
  /** May the request be authorised at all? False for anything the site did not authenticate and that is not MAB. */
  readonly authenticated: boolean;
  readonly identities: readonly PresentedIdentity[];
  readonly problems: readonly IdentityProblem[];
  /** Those that the device found does not hold: another one that gets one of them, or loses it, may contradict. */
  readonly beside?: readonly Identity[];
}

export interface IdentityRules {
  /** Domains whose computer accounts and names are the organisation's, lower case; absent where none are declared. */
  readonly computerDomains?: readonly string[] | undefined;
}

/**
 * A certificate never falls through to the MAC address: a station that holds the wrong certificate could otherwise
 * borrow the standing of any device whose address it copies.
 */
export function presentedIdentities(
  request: AccessRequest,
  { computerDomains }: IdentityRules = {},
): PresentedIdentities {
  if (request.method === 'none') return { authenticated: false, identities: [], problems: ['not-authenticated'] };
  if (request.method === 'eap-tls' || request.certificate) {
    return { authenticated: true, ...certificateIdentities(request.certificate, computerDomains) };
  }
  return request.method === 'mab' ? fromMab(request) : fromSite(request, computerDomains);
}

/** The address of the station, random ones included: good for distinguishing sessions, not for finding a device. */
export function stationMac(request: Pick<AccessRequest, 'callingStationId'>): MacAddress | undefined {
  return request.callingStationId === undefined ? undefined : parseMacAddress(request.callingStationId);
}

/**
 * The site authenticated the user or the computer; what else is known of the device is what its software and NAS say.
 */
function fromSite(request: AccessRequest, domains: readonly string[] | undefined): PresentedIdentities {
  const userName = request.userName ?? '';
  const account = computerAccountNames(userName, domains).map((value): PresentedIdentity => {
    return { kind: 'name', value, assurance: 'computer-account', origin: 'User-Name' };
  });
  const foreign: IdentityProblem[] =
    account.length === 0 && isComputerAccount(userName) ? ['computer-domain-unknown'] : [];
  // What is left of a name is no name: the server authenticated another.
  const cut: IdentityProblem[] = request.cut?.includes('userName') ? ['name-cut'] : [];
  const byClient = vpnClientIdentities(request.ciscoAvPairs);
  const { identities: byMac, problems } = fromMac(request);
  const identities = [...account, ...byClient, ...byMac];
  // On a VPN the address is an IP address, so a missing MAC address is no problem.
  return { authenticated: true, identities, problems: [...cut, ...foreign, ...(byClient.length > 0 ? [] : problems)] };
}

/** Real MAB only: the user name is the address, too. Any other user name comes with a password that was not checked. */
function fromMab(request: AccessRequest): PresentedIdentities {
  if (userNameIsMac(request)) return fromMac(request);
  const mac = stationMac(request);
  const problem = mac === undefined ? macProblem(request, mac) : 'mab-user-name-differs';
  return { authenticated: false, identities: [], problems: [problem ?? 'mac-missing'] };
}

function fromMac(request: AccessRequest): PresentedIdentities {
  const mac = stationMac(request);
  const problem = macProblem(request, mac);
  if (mac === undefined || problem !== undefined) {
    return { authenticated: true, identities: [], problems: [problem ?? 'mac-missing'] };
  }
  return {
    authenticated: true,
    identities: [{ kind: 'mac', value: mac, assurance: 'mac', origin: 'Calling-Station-Id' }],
    problems: [],
  };
}

function macProblem(request: AccessRequest, mac: MacAddress | undefined): IdentityProblem | undefined {
  if (!request.callingStationId) return 'mac-missing';
  if (mac === undefined) return 'mac-malformed';
  if (isGroupAddress(mac) || mac === '000000000000') return 'mac-not-a-station';
  if (isLocallyAdministered(mac)) return 'mac-random';
  return undefined;
}

function userNameIsMac(request: AccessRequest): boolean {
  const userName = request.userName === undefined ? undefined : parseMacAddress(request.userName);
  return userName !== undefined && userName === stationMac(request);
}
