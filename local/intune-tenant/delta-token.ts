// The opaque tokens of `devices/delta`. They carry the query, as Graph's do: a client that follows a link need not
// repeat `$select`.

import { ENTRA_DEVICE_PROPERTIES, type EntraDevice } from './entra-device.ts';

export interface DeltaQuery {
  /** The properties asked for; undefined for all. */
  readonly select: readonly (keyof EntraDevice)[] | undefined;
  /** Object ids that `$filter` names; undefined for all. */
  readonly ids: readonly string[] | undefined;
}

/** Between two pages of one round. */
export interface DeltaPlace extends DeltaQuery {
  readonly kind: 'place';
  /** `full` goes through all objects, `changes` through the changes since `from`. */
  readonly round: 'full' | 'changes';
  readonly from: number;
  readonly offset: number;
  /** Position up to which the changes were known when the round began. */
  readonly end: number;
}

/** After a round: what comes next is what has changed since `position`. */
export interface DeltaState extends DeltaQuery {
  readonly kind: 'state';
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly issued: number;
}

export function writeDeltaToken(token: DeltaPlace | DeltaState): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

export function readDeltaToken(text: string): DeltaPlace | DeltaState | undefined {
  let token: unknown;
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  const kind = typeof token === 'object' && token !== null && 'kind' in token ? token.kind : undefined;
  return kind === 'place' || kind === 'state' ? (token as DeltaPlace | DeltaState) : undefined;
}

/** The properties that `$select` names, or the first name that a device has not. */
export function deltaSelection(select: string | null): DeltaQuery['select'] | { readonly unknown: string } {
  const names = (select ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const known = names.map((name) => ENTRA_DEVICE_PROPERTIES.find((property) => property === name));
  const unknown = names[known.indexOf(undefined)];
  if (unknown !== undefined) {
    return { unknown };
  }
  return names.length === 0 ? undefined : known.filter((name) => name !== undefined);
}

/** The object ids of `id eq 'a' or id eq 'b'`, the only filter that delta takes; undefined for any other. */
export function deltaFilterIds(filter: string): readonly string[] | undefined {
  const ids = filter.split(/\s+or\s+/).map((clause) => /^\s*id\s+eq\s+'([^']+)'\s*$/.exec(clause)?.[1]?.toLowerCase());
  return ids.some((id) => id === undefined) ? undefined : ids.filter((id) => id !== undefined);
}
