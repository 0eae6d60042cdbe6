// What policy would answer a device somewhere else: at another site, SSID, by another method or with another identity.

import type { DeviceKey } from '../domain/device/device.ts';
import { recordAsOf } from '../domain/device/record-standing.ts';
import type { MethodWord } from '../domain/identity/authentication-word.ts';
import type { Assurance } from '../domain/identity/identity.ts';
import { type Instant, toInstant } from '../domain/instant.ts';
import type { RecordVersion } from '../domain/policy/decision.ts';
import { evaluateOverridden } from '../domain/policy/overridden.ts';
import { isInForce, type Override } from '../domain/policy/override.ts';
import { explainPolicy, type Policy } from '../domain/policy/policy.ts';
import type { Medium, PolicyFacts } from '../domain/policy/policy-facts.ts';
import { RequestError } from '../errors.ts';
import { WHAT_IT_GETS_QUERY } from '../http/queries.ts';
import { readQuery } from '../http/read-query.ts';
import type { WhatItGets } from '../http/schemas/device.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { StoredDevice } from '../ports/device-store.ts';
import type { SeenRecords } from '../ports/site-records.ts';
import type { SweepStatus } from '../ports/sweep-status.ts';

export interface WhatItGetsDeps {
  readonly records: SeenRecords;
  /** Whether a source counts at the site where the device is taken to ask: elsewhere no lookup finds it. */
  readonly counts: (source: string) => boolean;
  readonly policy: () => Promise<Policy>;
  readonly overrides: () => Promise<readonly Override[]>;
  readonly sweepStatus: SweepStatus;
  /** What all records of a device say, that of other sources included. */
  readonly recordsOf: (stored: StoredDevice, at: Instant, options: CallOptions) => Promise<KnownRecords>;
  readonly clock: Clock;
}

export interface KnownRecords {
  readonly facts: Omit<PolicyFacts, 'at' | 'site'>;
  /** Beside the one that was asked for. */
  readonly joined: readonly RecordVersion[];
}

export interface AssumedQuestion {
  readonly site: string;
  readonly ssid?: string | undefined;
  readonly method?: MethodWord | undefined;
  readonly medium?: Medium | undefined;
  readonly assurance: Assurance;
}

const PORT_TYPES: Readonly<Record<Medium, string>> = { wired: 'Ethernet', wireless: 'Wireless-802.11', vpn: 'Virtual' };

/** @throws RequestError NAC_REQUEST_FIELD naming the parameter */
export function readAssumedQuestion(query: Iterable<[string, string]>, now: Instant): AssumedQuestion {
  const {
    site = '',
    ssid,
    medium = ssid === undefined ? undefined : 'wireless',
    ...rest
  } = readQuery(WHAT_IT_GETS_QUERY, query, now);
  return { site, ssid, medium, ...rest };
}

/** @throws RequestError NAC_DEVICE_UNKNOWN */
export async function whatItGets(
  deps: WhatItGetsDeps,
  key: DeviceKey,
  assumed: AssumedQuestion,
  options: CallOptions,
): Promise<WhatItGets> {
  const at = toInstant(deps.clock.now());
  const [stored, policy, allOverrides, sweptAt] = await Promise.all([
    deps.records.read(key, options),
    deps.policy(),
    deps.overrides(),
    deps.sweepStatus.lastCompleteStartedAt(key.source, options),
  ]);
  if (stored === undefined) throw unknownDevice();
  const { site, ssid, method, medium, assurance } = assumed;
  const { device } = stored;
  const isPresent = stored.presence === 'present' && deps.counts(key.source);
  const asOf = recordAsOf(stored, sweptAt);
  const known = isPresent ? await deps.recordsOf(stored, at, options) : undefined;
  const facts: PolicyFacts = {
    at,
    site,
    ...(known ? { ...known.facts, assurance } : { standing: 'notEnrolled', marks: [] }),
    ...(device.userPrincipalName !== undefined && { users: [device.userPrincipalName] }),
    ...(method && { methods: [method] }),
    ...(ssid !== undefined && { ssids: [ssid] }),
    ...(medium && { nasPortType: PORT_TYPES[medium] }),
  };
  const overrides = allOverrides.filter(
    (override) => isInForce(override, at) && (override.site === undefined || override.site === site),
  );
  const question = { facts, identities: [], device: isPresent ? device : undefined, joined: known?.joined };
  const { override, overrideProblems: _, ...result } = evaluateOverridden(policy, overrides, question);
  return {
    ...result,
    source: key.source,
    id: key.id,
    at,
    standing: facts.standing,
    asOf,
    assumed: {
      site,
      assurance,
      ...(ssid !== undefined && { ssid }),
      ...(method && { method }),
      ...(medium && { medium }),
    },
    ...(override && { override: override.id }),
    rules: explainPolicy(policy, facts),
  };
}

function unknownDevice(): RequestError {
  return new RequestError(400, 'NAC_DEVICE_UNKNOWN', 'No such device is stored.', {
    action: 'Look for it: GET /api/search takes names, numbers, addresses and ids.',
    field: 'id',
  });
}
