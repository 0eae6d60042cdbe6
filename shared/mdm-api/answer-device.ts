// One device, or the devices of a batch, by what names them. Not enrolled is an empty list; a failure is thrown, since
// an empty list would take the device off the network.

import type { Client } from '../domain/client.ts';
import type { DeviceKey } from '../domain/device/device.ts';
import { bareGuid } from '../domain/guid-forms.ts';
import type { PresentedIdentity } from '../domain/identity/identity.ts';
import { kindsOfId, prefixedDeviceId } from '../domain/identity/prefixed-device-id.ts';
import { toInstant } from '../domain/instant.ts';
import { parseMacAddress } from '../domain/mac-address.ts';
import type { DialectVersion } from '../domain/mdm-dialect.ts';
import type { MdmDevice, MdmKey } from '../domain/mdm-documents.ts';
import type { Policy } from '../domain/policy/policy.ts';
import { RequestError } from '../errors.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { OverrideSource } from '../ports/override-source.ts';
import type { PolicySource } from '../ports/policy-source.ts';
import { deviceAttributes, stationAddresses, writtenMac } from './device-attributes.ts';
import type { DeviceCriterion, Filter } from './mdm-question.ts';
import { AMBIGUOUS, type VerdictRules, verdictOf } from './verdict.ts';

/** Of a device that several sources know; both are absent where one alone does. */
export interface OtherRecords {
  /** The record that says whether it is compliant. */
  readonly counts?: StoredDevice;
  readonly joined?: readonly StoredDevice[];
}

export type Found =
  | ({ readonly kind: 'found'; readonly stored: StoredDevice; readonly identity: PresentedIdentity } & OtherRecords)
  /** `unidentified`: the ids of one question are of several devices. */
  | { readonly kind: 'ambiguous' | 'unidentified' | 'notEnrolled' };

export interface AnswerDeps extends VerdictRules {
  /** Follows identities, the surest first, to the one device that claims them, as a lookup does. */
  readonly find: (client: Client, identities: readonly PresentedIdentity[], options: CallOptions) => Promise<Found>;
  readonly overrides: OverrideSource;
  readonly policies: PolicySource;
  readonly clock: Clock;
}

export interface AskedDevice {
  readonly criterion: DeviceCriterion;
  readonly value: string;
  readonly version: DialectVersion;
  readonly filter: Filter;
}

/**
 * @returns `undefined` for a device that is not enrolled
 * @throws RequestError 400 NAC_REQUEST_FIELD for a value that is none of its criterion, StoreError
 */
export async function answerDevice(
  deps: AnswerDeps,
  client: Client,
  asked: AskedDevice,
  options: CallOptions,
): Promise<MdmDevice | undefined> {
  const identities = identitiesAsked(asked);
  const [found, { overrides }] = await Promise.all([deps.find(client, identities, options), deps.overrides.current()]);
  if (found.kind === 'notEnrolled') return undefined;
  if (found.kind !== 'found') {
    return ambiguousDevice(askedKey(asked), asked);
  }
  const { stored, identity, counts, joined } = found;
  const verdict = await verdictOf(
    stored,
    deps,
    { site: client.site, at: toInstant(deps.clock.now()), identity, overrides, counts, joined },
    policyInForce(deps, options),
  );
  const key = askedKey(asked) ?? keyOf(stored, asked);
  return {
    ...(key && { key }),
    attributes: deviceAttributes(stored.device, verdict, {
      ...asked,
      ...(asked.criterion === 'guid' && { guid: asked.value.trim() }),
    }),
  };
}

/** Several machines may be meant: enrolled, and not compliant. */
export function ambiguousDevice(key: MdmKey | undefined, { filter }: { readonly filter: Filter }): MdmDevice {
  const shown = filter === undefined || filter.has('compliance');
  return { ...(key && { key }), attributes: { registered: true, ...(shown && { compliance: AMBIGUOUS }) } };
}

export function policyInForce({ policies }: Pick<AnswerDeps, 'policies'>, options: CallOptions) {
  return async (): Promise<Policy> => (await policies.current(options)).policy;
}

/** What the value may be, the surest first. */
export function identitiesAsked({ criterion, value }: Pick<AskedDevice, 'criterion' | 'value'>): PresentedIdentity[] {
  const text = value.trim();
  const lower = text.toLowerCase();
  switch (criterion) {
    case 'macaddress': {
      const mac = parseMacAddress(text);
      if (mac === undefined) throw wrongValue('macaddress', 'must be a MAC address');
      return [{ kind: 'mac', value: mac, assurance: 'mac', origin: criterion }];
    }
    case 'guid':
      return guidIdentities(text);
    case 'guidhn':
      return [{ kind: 'name', value: lower, assurance: 'certificate-name', origin: criterion }];
    default:
      // ISE has these from the VPN client, which claims them.
      return [{ kind: criterion, value: lower, assurance: 'client-claim', origin: criterion }];
  }
}

/**
 * ISE reads the GUID from the client certificate. It gives the id alone or with the words around it, and templates put
 * Entra's id where Intune's is meant.
 */
function guidIdentities(text: string): PresentedIdentity[] {
  const prefixed = prefixedDeviceId(text);
  const value = prefixed?.deviceId ?? bareGuid(text) ?? text.toLowerCase();
  const source = prefixed?.source;
  const kinds = prefixed === undefined ? (['deviceId', 'entraDeviceId'] as const) : kindsOfId(prefixed);
  return kinds.map((kind) => ({
    kind,
    value,
    assurance: 'certificate-guid',
    origin: 'guid',
    ...(kind === 'deviceId' && source !== undefined && source !== 'intune' && { source }),
  }));
}

/** The asker finds its device again by what it asked for. */
function askedKey({ criterion, value }: Pick<AskedDevice, 'criterion' | 'value'>): MdmKey | undefined {
  const text = value.trim();
  if (criterion === 'guid') return { element: 'guid', value: text };
  if (criterion !== 'macaddress') return undefined;
  const mac = parseMacAddress(text);
  if (mac === undefined) return undefined;
  return { element: 'macaddress', value: text.length === mac.length ? text : writtenMac(mac) };
}

/** Asked for by something else: ISE keeps its endpoints by MAC address, so it needs one. */
function keyOf(
  { device }: { readonly device: StoredDevice['device'] },
  { criterion }: AskedDevice,
): MdmKey | undefined {
  const [mac] = stationAddresses(device);
  if (mac !== undefined && criterion !== 'guidhn') return { element: 'macaddress', value: writtenMac(mac) };
  return { element: 'guid', value: guidOf(device) };
}

/** The id that its source gave it. */
export function guidOf({ id }: DeviceKey): string {
  return id;
}

function wrongValue(criterion: string, problem: string): RequestError {
  return new RequestError(400, 'NAC_REQUEST_FIELD', `The value of querycriteria=${criterion} ${problem}.`, {
    action: 'Correct the request; docs/cisco-ise.md says what is served.',
    field: 'value',
  });
}
