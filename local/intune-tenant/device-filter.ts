// `$filter` on managedDevices as far as Microsoft documents it: few properties with few operators each, joined by
// `and`. Source: the property descriptions of microsoft.graph.managedDevice in the v1.0 metadata.

import { isManagedDeviceProperty, type ManagedDevice, type ManagedDeviceProperty } from './managed-device.ts';

export type DevicePredicate = (device: ManagedDevice) => boolean;

type Operator = 'eq' | 'ne' | 'gt' | 'lt' | 'contains';

/** Everything not named here is unsupported, `ge` and `le` included. */
const DOCUMENTED: Readonly<Partial<Record<ManagedDeviceProperty, readonly Operator[]>>> = {
  azureADDeviceId: ['eq'],
  complianceState: ['eq'],
  managementState: ['eq'],
  managementAgent: ['eq'],
  operatingSystem: ['eq'],
  serialNumber: ['eq'],
  imei: ['eq'],
  jailBroken: ['eq'],
  manufacturer: ['eq'],
  deviceCategoryDisplayName: ['eq'],
  deviceName: ['eq', 'contains'],
  model: ['eq', 'contains'],
  emailAddress: ['contains'],
  osVersion: ['contains'],
  userPrincipalName: ['eq', 'ne'],
  lastSyncDateTime: ['lt', 'gt'],
  enrolledDateTime: ['lt', 'gt'],
  complianceGracePeriodExpirationDateTime: ['lt', 'gt'],
};

interface Clause {
  readonly property: ManagedDeviceProperty;
  readonly operator: Operator;
  readonly value: string;
}

const COMPARISON = /^\s*([A-Za-z]+)\s+([a-z]+)\s+(?:'((?:[^']|'')*)'|([^\s'()]+))\s*/;
const CONTAINMENT = /^\s*contains\(\s*([A-Za-z]+)\s*,\s*'((?:[^']|'')*)'\s*\)\s*/;
const JUNCTION = /^(and|or)\s+/;

/** The test that the filter puts to each device, or undefined when any part of it is unsupported. */
export function devicePredicate(filter: string): DevicePredicate | undefined {
  const clauses: Clause[] = [];
  const junctions = new Set<string>();
  let rest = filter;
  for (;;) {
    const clause = leadingClause(rest);
    if (clause === undefined) {
      return undefined;
    }
    clauses.push(clause.clause);
    rest = rest.slice(clause.length);
    if (rest === '') {
      break;
    }
    const joint = JUNCTION.exec(rest);
    if (joint?.[1] === undefined) {
      return undefined;
    }
    junctions.add(joint[1]);
    rest = rest.slice(joint[0].length);
  }
  if (junctions.size > 1) {
    return undefined;
  }
  const [first] = clauses;
  if (junctions.has('or')) {
    // Intune takes the first azureADDeviceId of several and forgets the others.
    if (first?.property === 'azureADDeviceId') {
      return clausePredicate(first);
    }
    const alike = clauses.every(({ property, operator }) => property === first?.property && operator === 'eq');
    if (!alike) {
      return undefined;
    }
  }
  const predicates = clauses.map(clausePredicate);
  return junctions.has('or')
    ? (device) => predicates.some((holds) => holds(device))
    : (device) => predicates.every((holds) => holds(device));
}

function leadingClause(text: string): { readonly clause: Clause; readonly length: number } | undefined {
  const contained = CONTAINMENT.exec(text);
  const compared = contained === null ? COMPARISON.exec(text) : null;
  const property = contained?.[1] ?? compared?.[1] ?? '';
  const operator = contained === null ? (compared?.[2] ?? '') : 'contains';
  const value = contained?.[2] ?? compared?.[3] ?? compared?.[4];
  const known = isManagedDeviceProperty(property) ? DOCUMENTED[property] : undefined;
  const supported = known?.find((name) => name === operator);
  if (!isManagedDeviceProperty(property) || supported === undefined || value === undefined) {
    return undefined;
  }
  if ((supported === 'gt' || supported === 'lt') && Number.isNaN(Date.parse(value))) {
    return undefined;
  }
  const clause = { property, operator: supported, value: value.replaceAll("''", "'") };
  return { clause, length: (contained ?? compared)?.[0].length ?? 0 };
}

function clausePredicate({ property, operator, value }: Clause): DevicePredicate {
  const wanted = value.toLowerCase();
  const instant = Date.parse(value);
  const textOf = (device: ManagedDevice): string => String(device[property] ?? '').toLowerCase();
  switch (operator) {
    case 'eq':
      return (device) => textOf(device) === wanted;
    case 'ne':
      return (device) => textOf(device) !== wanted;
    case 'contains':
      return (device) => textOf(device).includes(wanted);
    case 'gt':
      return (device) => Date.parse(String(device[property])) > instant;
    case 'lt':
      return (device) => Date.parse(String(device[property])) < instant;
  }
}
