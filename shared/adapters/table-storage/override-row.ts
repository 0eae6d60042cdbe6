// An override as a row holds it. Rows are read with suspicion: what something else wrote must not let a station on.

import { isDeviceId } from '../../domain/device.ts';
import { parseMacAddress } from '../../domain/mac-address.ts';
import { certificateSerial, type Override, type OverrideEffect, type OverrideTarget } from '../../domain/override.ts';
import { isRoleOrVlan } from '../../domain/policy.ts';
import { parseObject } from './foreign-rows.ts';

/** @returns `undefined` where the text holds no override */
export function readOverride(text: unknown): Override | undefined {
  const row = parseObject(text);
  const target = row && targetIn(row['target']);
  const effect = row && effectIn(row['effect']);
  if (row === undefined || target === undefined || effect === undefined) return undefined;
  const { id, site, reason, by, createdAt, until, endedAt, endedBy, compared } = row;
  if (typeof id !== 'string' || !/^[0-9a-f]{8}$/.test(id)) return undefined;
  if (typeof reason !== 'string' || typeof by !== 'string') return undefined;
  if (!isInstant(createdAt) || !isInstant(until)) return undefined;
  if (site !== undefined && typeof site !== 'string') return undefined;
  // What of an early end cannot be read has not ended: a block stays, and a let-on has its own end.
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

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Compared as text, so only the one form that this product writes. */
function isInstant(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const at = Date.parse(value);
  return !Number.isNaN(at) && new Date(at).toISOString() === value;
}
