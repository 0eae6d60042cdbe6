// Which sessions a change of a device may concern: those whose answers rest on it; those that rest on another record
// that holds one of its identities, since a machine that enrols again has two, and one that several sources know has
// one in each; and those that an identity of its led to no device.

import { type DeviceKey, deviceKeyText, parseDeviceKeyText } from '../domain/device/device.ts';
import type { DeviceChange } from '../domain/device/device-change.ts';
import { IDENTIFYING_FIELDS, identitiesOf } from '../domain/device/device-identities.ts';
import { strongIdentities } from '../domain/device/joined-records.ts';
import { CERTIFICATE_SOURCE } from '../domain/identity/certificate-source.ts';
import { type Identity, identityText } from '../domain/identity/identity.ts';
import type { Session } from '../domain/session/session.ts';
import type { DeviceStore } from '../ports/device-store.ts';
import type { IdentityStore } from '../ports/identity-store.ts';
import type { JoinRules } from '../ports/join-rules.ts';
import type { SessionStore } from '../ports/session-store.ts';

export interface ConcernedSessionsDeps {
  readonly sessions: Pick<SessionStore, 'listConcerned'>;
  readonly devices: Pick<DeviceStore, 'read'>;
  readonly identities: Pick<IdentityStore, 'readOwners'>;
  /** Name under which certificates give ids of a source's devices; that of the source, unless given. */
  readonly namespaceOf?: (source: string) => Promise<string>;
  /** Absent where there is one source alone: then no record is another's. */
  readonly joins?: JoinRules | undefined;
}

/**
 * An identity that more records share leads to none of them; the comparison of all sessions finds what it led to
 * before.
 */
const MOST_OWNERS = 16;

export async function concernedSessions(deps: ConcernedSessionsDeps, change: DeviceChange): Promise<Session[]> {
  // At once: nearly always the device alone holds what identifies it, and its own sessions are all.
  const [own, led] = await Promise.all([listConcerned(deps, [change], []), ledByIdentities(deps, change)]);
  return [...new Map([...own, ...led].map((session) => [session.id, session])).values()];
}

async function ledByIdentities(deps: ConcernedSessionsDeps, change: DeviceChange): Promise<Session[]> {
  const record = await deps.devices.read(change);
  const held = [...(record === undefined ? [] : identitiesOf(record.device)), ...(change.lost ?? [])];
  const isNew = isIdentifiedDifferently(change);
  // Records of other sources with the same id: a session that rests on one of them leads from here once it has.
  const joining =
    isNew && (deps.joins?.sources.length ?? 0) > 1 && record !== undefined ? strongIdentities(record.device) : [];
  const identities = [...new Map([...held, ...joining].map((identity) => [identityText(identity), identity])).values()];
  const own = deviceKeyText(change);
  const sameId = joining.some(({ kind }) => kind === 'deviceId') ? [{ source: CERTIFICATE_SOURCE, id: change.id }] : [];
  const others = [...(await ownersOf(deps, identities)), ...sameId].filter((key) => deviceKeyText(key) !== own);
  const ledBefore = isNew ? identities.filter(({ kind }) => kind !== 'deviceId') : [];
  return others.length + ledBefore.length > 0 ? listConcerned(deps, others, ledBefore) : [];
}

/**
 * A question names a device by a namespace that several sources may share; before one has it, its session leads there.
 */
async function listConcerned(
  { sessions, namespaceOf }: ConcernedSessionsDeps,
  keys: readonly DeviceKey[],
  identities: readonly Identity[],
): Promise<Session[]> {
  const named = namespaceOf
    ? await Promise.all(keys.map(async ({ source, id }) => ({ source: await namespaceOf(source), id })))
    : [];
  const all = [...keys, ...named].map(({ source, id }) => ({ source, id }));
  return sessions.listConcerned([...new Map(all.map((key) => [deviceKeyText(key), key])).values()], identities);
}

/** Records that hold one of the identities. */
export async function ownersOf(
  { identities: store }: Pick<ConcernedSessionsDeps, 'identities'>,
  identities: readonly Identity[],
): Promise<DeviceKey[]> {
  const perIdentity = await Promise.all(identities.map((identity) => store.readOwners(identity, { fresh: true })));
  const owners = perIdentity.flatMap(({ devices, more }) => (more || devices.length > MOST_OWNERS ? [] : devices));
  return [...new Set(owners)].map(parseDeviceKeyText);
}

/** Only then other questions than before may lead to it. */
function isIdentifiedDifferently({ before, fields }: DeviceChange): boolean {
  return before === undefined || fields.some((field) => IDENTIFYING_FIELDS.includes(field));
}
