// The switches of the simulated tenant: what Microsoft leaves open, and the quirks that users report. All of them hold
// until they are changed again; the usual values are those of a tenant in good health.

import { LocalError } from '../local-error.ts';
import { COMPLIANCE_STATES, type ComplianceState } from './managed-device.ts';

export interface TenantBehaviour {
  /** Microsoft documents few filters; others are ignored without a word (all devices come back) or refused with 400. */
  readonly unsupportedFilter: 'ignored' | 'refused';
  /** With 'ignored' even documented filters return the whole fleet. */
  readonly supportedFilter: 'honoured' | 'ignored';
  /** Whether `$select` on a list fills Ethernet MAC, UDID and ICCID. */
  readonly listsFillKeptBack: boolean;
  /** A list ends after this many pages as if there were no more devices; null lists everything. */
  readonly listEndsAfterPages: number | null;
  /** The nextLink of this page of a list, counted from 1, leads to the same page again; null repeats nothing. */
  readonly repeatedNextLinkPage: number | null;
  /** A nextLink older than this is refused with 400; null keeps them for ever. Seconds. */
  readonly nextLinkLifetimeSeconds: number | null;
  /** Devices that have not synchronised for this many days are not shown by Graph; null shows all. */
  readonly hiddenAfterInactiveDays: number | null;
  /** Reads of managed devices, alone or in a batch, per window of 20 seconds: 429 beyond. Microsoft's is 2000. */
  readonly intuneRequestLimit: number | null;
  /** In which order the answers of a batch come. */
  readonly batchOrder: 'asSent' | 'reversed';
  /** How long a change in Intune takes to reach the Entra device object. Seconds. */
  readonly entraLagSeconds: number;
  /** The most objects on one page of `devices/delta`. */
  readonly deltaPageSize: number;
  /** Seven days for directory objects. Seconds. */
  readonly deltaTokenLifetimeSeconds: number;
  /** Every delta page holds each of its objects twice. */
  readonly deltaDuplicates: boolean;
  /** How many changes, already reported under the same token, the next delta repeats. */
  readonly deltaReplays: number;
  /**
   * What delta gives as the reason for a deleted object: it can be restored for thirty days, or it is gone for good.
   */
  readonly removedReason: 'changed' | 'deleted';
  /** Status of `syncStateNotFound`. */
  readonly expiredDeltaStatus: number;
  /** The states that the Compliance Retrieval service calls compliant; all others are `false` and on its list. */
  readonly compliantStates: readonly ComplianceState[];
  /** What the Compliance Retrieval service answers about a GUID or MAC address that is not enrolled. */
  readonly unknownDevice: 'emptyList' | 'notRegistered' | 'notFound';
  /** What it answers to a value that is no GUID, or no 12 hexadecimal digits. */
  readonly malformedValue: 'asUnknown' | 'badRequest';
  /** Which identifiers stand in its answers about MAC addresses. */
  readonly macAnswerIdentifiers: 'macaddress' | 'guid' | 'both';
  /** Whether it writes `<Attributes><Compliance>` (version 3) or `<attributes><compliance>` (version 2). */
  readonly complianceXmlNames: 'capitalised' | 'lowerCase';
  /** The most devices on one page of the list of noncompliant devices. */
  readonly complianceQueryMaxSize: number;
  /** The list may be started once in this time; sooner is answered with 503. Seconds; 0 lifts the wall. */
  readonly complianceWallSeconds: number;
  /** Whether that 503 says when to come back, and how. */
  readonly complianceWallRetryAfter: 'none' | 'seconds' | 'date';
  /** The tenant's clock runs ahead of its options' clock by this much (behind, when negative). Seconds. */
  readonly clockSkewSeconds: number;
}

export const USUAL_BEHAVIOUR: TenantBehaviour = {
  unsupportedFilter: 'ignored',
  supportedFilter: 'honoured',
  listsFillKeptBack: false,
  listEndsAfterPages: null,
  repeatedNextLinkPage: null,
  nextLinkLifetimeSeconds: null,
  hiddenAfterInactiveDays: null,
  intuneRequestLimit: null,
  batchOrder: 'asSent',
  entraLagSeconds: 0,
  deltaPageSize: 200,
  deltaTokenLifetimeSeconds: 7 * 24 * 3600,
  deltaDuplicates: false,
  deltaReplays: 0,
  removedReason: 'changed',
  expiredDeltaStatus: 400,
  compliantStates: ['compliant', 'inGracePeriod', 'configManager'],
  unknownDevice: 'emptyList',
  malformedValue: 'asUnknown',
  macAnswerIdentifiers: 'macaddress',
  complianceXmlNames: 'capitalised',
  complianceQueryMaxSize: 100,
  complianceWallSeconds: 4 * 3600,
  complianceWallRetryAfter: 'none',
  clockSkewSeconds: 0,
};

export class BehaviourError extends LocalError {}

type Rule =
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'number'; readonly least: number; readonly most: number; readonly nullable: boolean }
  | { readonly kind: 'states' };

const choice = (...values: readonly string[]): Rule => ({ kind: 'choice', values });
const YES_OR_NO: Rule = { kind: 'boolean' };
const number = (least: number, most: number, nullable = false): Rule => ({ kind: 'number', least, most, nullable });
const TEN_YEARS = 10 * 366 * 24 * 3600;

const RULES: Readonly<Record<keyof TenantBehaviour, Rule>> = {
  unsupportedFilter: choice('ignored', 'refused'),
  supportedFilter: choice('honoured', 'ignored'),
  listsFillKeptBack: YES_OR_NO,
  listEndsAfterPages: number(1, 1_000_000, true),
  repeatedNextLinkPage: number(1, 1_000_000, true),
  nextLinkLifetimeSeconds: number(0, TEN_YEARS, true),
  hiddenAfterInactiveDays: number(1, 3660, true),
  intuneRequestLimit: number(1, 1_000_000, true),
  batchOrder: choice('asSent', 'reversed'),
  entraLagSeconds: number(0, TEN_YEARS),
  deltaPageSize: number(1, 1000),
  deltaTokenLifetimeSeconds: number(0, TEN_YEARS),
  deltaDuplicates: YES_OR_NO,
  deltaReplays: number(0, 1_000_000),
  removedReason: choice('changed', 'deleted'),
  expiredDeltaStatus: number(400, 410),
  compliantStates: { kind: 'states' },
  unknownDevice: choice('emptyList', 'notRegistered', 'notFound'),
  malformedValue: choice('asUnknown', 'badRequest'),
  macAnswerIdentifiers: choice('macaddress', 'guid', 'both'),
  complianceXmlNames: choice('capitalised', 'lowerCase'),
  complianceQueryMaxSize: number(1, 1000),
  complianceWallSeconds: number(0, TEN_YEARS),
  complianceWallRetryAfter: choice('none', 'seconds', 'date'),
  clockSkewSeconds: number(-TEN_YEARS, TEN_YEARS),
};

/** The switches as they stand. */
export class BehaviourSwitches {
  #current: TenantBehaviour = USUAL_BEHAVIOUR;

  get current(): TenantBehaviour {
    return this.#current;
  }

  /** Changes the switches named and leaves the others; nothing is changed when one of them does not fit. */
  change(change: Readonly<Record<string, unknown>>): TenantBehaviour {
    for (const [name, value] of Object.entries(change)) {
      const objection = behaviourObjection(name, value);
      if (objection !== undefined) {
        throw new BehaviourError(objection);
      }
    }
    this.#current = { ...this.#current, ...change };
    return this.#current;
  }

  reset(): void {
    this.#current = USUAL_BEHAVIOUR;
  }
}

function behaviourObjection(name: string, value: unknown): string | undefined {
  if (!Object.hasOwn(RULES, name)) {
    return `the tenant has no switch '${name}': use ${Object.keys(RULES).join(', ')}`;
  }
  const rule = RULES[name as keyof TenantBehaviour];
  switch (rule.kind) {
    case 'choice':
      return typeof value === 'string' && rule.values.includes(value)
        ? undefined
        : `${name} must be one of ${rule.values.join(', ')}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${name} must be true or false`;
    case 'number':
      return (value === null && rule.nullable) ||
        (Number.isInteger(value) && Number(value) >= rule.least && Number(value) <= rule.most)
        ? undefined
        : `${name} must be a whole number from ${rule.least} to ${rule.most}${rule.nullable ? ' or null' : ''}`;
    case 'states':
      return Array.isArray(value) && value.every((state) => COMPLIANCE_STATES.includes(state))
        ? undefined
        : `${name} must be a list of ${COMPLIANCE_STATES.join(', ')}`;
  }
}
