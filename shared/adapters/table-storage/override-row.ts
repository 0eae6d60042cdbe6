// An override as a row holds it. Rows are checked strictly: a row of another writer must not let a station on.

import { isDeviceId } from '../../domain/device/device.ts';
import type { Identity } from '../../domain/identity/identity.ts';
import { parseMacAddress } from '../../domain/mac-address.ts';
import {
  type BlockedMachine,
  certificateSerial,
  KINDS_OF_A_MACHINE,
  type Override,
  type OverrideEffect,
  type OverrideTarget,
} from '../../domain/policy/override.ts';
import { isRoleOrVlan } from '../../domain/policy/policy.ts';
import { parseObject } from './foreign-rows.ts';

/** @returns `undefined` where the text holds no override */
export function readOverride(text: unknown): Override | undefined {
  const row = parseObject(text);
  const target = row && targetIn(row['target']);
  const effect = row && effectIn(row['effect']);
  if (row === undefined || target === undefined || effect === undefined) return undefined;
  const { id, site, reason, by, createdAt, until, endedAt, endedBy, compared, ofSite } = row;
  const machine = 'device' in target ? machineIn(row['machine']) : undefined;
  if (typeof id !== 'string' || !/^[0-9a-f]{8}$/.test(id)) return undefined;
  if (typeof reason !== 'string' || typeof by !== 'string') return undefined;
  if (!isInstant(createdAt) || !isInstant(until)) return undefined;
  if (site !== undefined && typeof site !== 'string') return undefined;
  // An early end that cannot be read does not count: a block stays, and a let-on has its own end.
  return {
    id,
    target,
    effect,
    ...(site !== undefined && { site }),
    reason,
    by,
    createdAt,
    until,
    ...(isInstant(endedAt) && { endedAt }),
    ...(typeof endedBy === 'string' && { endedBy }),
    ...(machine && { machine }),
    ...(ofSite === true && { ofSite }),
    ...(compared === true && { compared }),
  };
}

function targetIn(value: unknown): OverrideTarget | undefined {
  const { device, mac, certificate, user } = fieldsOf(value);
  if (typeof mac === 'string') return macTarget(mac);
  if (typeof user === 'string') return user === '' ? undefined : { user };
  if (device !== undefined) {
    const { source, id } = fieldsOf(device);
    return typeof source === 'string' && typeof id === 'string' && isDeviceId(id)
      ? { device: { source, id } }
      : undefined;
  }
  const { serial, issuer } = fieldsOf(certificate);
  if (typeof serial !== 'string' || certificateSerial(serial) !== serial) return undefined;
  if (issuer !== undefined && typeof issuer !== 'string') return undefined;
  return { certificate: { serial, ...(issuer !== undefined && { issuer }) } };
}

function macTarget(text: string): OverrideTarget | undefined {
  const mac = parseMacAddress(text);
  return mac === text ? { mac } : undefined;
}

function effectIn(value: unknown): OverrideEffect | undefined {
  const { kind, role } = fieldsOf(value);
  if (kind === 'block') return { kind };
  return kind === 'let-on' && typeof role === 'string' && isRoleOrVlan(role) ? { kind, role } : undefined;
}

const MARKS = ['entraDeviceId', 'serialNumber', 'model', 'userPrincipalName', 'ownership'] as const;

/** Parts that cannot be read name nothing; the device itself stays blocked. */
function machineIn(value: unknown): BlockedMachine | undefined {
  const fields = fieldsOf(value);
  const { identities } = fields;
  if (!Array.isArray(identities)) return undefined;
  const marks: { [mark in (typeof MARKS)[number]]?: string } = {};
  for (const mark of MARKS) {
    const text = fields[mark];
    if (typeof text === 'string') marks[mark] = text;
  }
  return {
    ...marks,
    identities: identities.filter(isIdentityOfMachine).map(({ kind, value: of }) => ({ kind, value: of })),
  };
}

function isIdentityOfMachine(value: unknown): value is Identity {
  const { kind, value: text } = fieldsOf(value);
  return KINDS_OF_A_MACHINE.some((known) => known === kind) && typeof text === 'string' && /^.{1,256}$/.test(text);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Compared as text, so only the one form that this product writes. */
function isInstant(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const at = Date.parse(value);
  return !Number.isNaN(at) && new Date(at).toISOString() === value;
}
