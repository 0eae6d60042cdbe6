// Users and groups of the tenant's directory: the users that the fleet's devices are of, which of them are disabled or
// deleted, and groups with users and devices as members. Each change is kept for delta queries.

import { entraObjectId } from './entra-device.ts';
import type { Fleet } from './fleet.ts';

export interface DirectoryUser {
  readonly id: string;
  readonly userPrincipalName: string | null;
  readonly accountEnabled: boolean;
}

export interface GroupMember {
  readonly id: string;
  readonly type: 'user' | 'device' | 'group';
}

export type PeopleChange =
  | { readonly kind: 'user'; readonly id: string }
  | { readonly kind: 'group'; readonly id: string; readonly member: GroupMember; readonly removed: boolean };

export class DirectoryPeople {
  readonly #fleet: Fleet;
  readonly #disabled = new Set<string>();
  readonly #deleted = new Set<string>();
  /** Of device objects that Intune does not manage, by Entra device id. */
  readonly #owners = new Map<string, Omit<DirectoryUser, 'accountEnabled'>>();
  readonly #groups = new Map<string, Map<string, GroupMember>>();
  readonly #changes: PeopleChange[] = [];

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** The position after the last change. */
  get end(): number {
    return this.#changes.length;
  }

  changes(from: number): readonly PeopleChange[] {
    return this.#changes.slice(from);
  }

  setEnabled(user: string, enabled: boolean): void {
    if (enabled) this.#disabled.delete(user);
    else this.#disabled.add(user);
    this.#changes.push({ kind: 'user', id: user });
  }

  /** What the user owned has no owner then. */
  deleteUser(user: string): void {
    this.#deleted.add(user);
    this.#changes.push({ kind: 'user', id: user });
  }

  isDeleted(user: string): boolean {
    return this.#deleted.has(user);
  }

  isEnabled(user: string): boolean {
    return !this.#disabled.has(user);
  }

  assignOwner(deviceId: string, owner: Omit<DirectoryUser, 'accountEnabled'>): void {
    this.#owners.set(deviceId, owner);
  }

  /** @param deviceId Entra device id */
  ownerOf(deviceId: string): DirectoryUser | undefined {
    const [managed] = this.#fleet.withEntraId(deviceId);
    const owner =
      this.#owners.get(deviceId) ??
      (managed?.userId ? { id: managed.userId, userPrincipalName: managed.userPrincipalName } : undefined);
    if (owner === undefined || this.isDeleted(owner.id)) return undefined;
    return { ...owner, accountEnabled: this.isEnabled(owner.id) };
  }

  /** Object ids of the devices that the user owns. */
  devicesOf(user: string): readonly string[] {
    if (this.isDeleted(user)) return [];
    const managed = this.#fleet.page(0, this.#fleet.size, ({ userId }) => userId === user).devices;
    const ids = managed.flatMap(({ azureADDeviceId }) => azureADDeviceId?.toLowerCase() ?? []);
    const others = [...this.#owners].flatMap(([deviceId, { id }]) => (id === user ? deviceId : []));
    return [...new Set([...ids, ...others])].map(entraObjectId);
  }

  createGroup(group: string): void {
    this.#groups.set(group, new Map());
  }

  hasGroup(group: string): boolean {
    return this.#groups.has(group);
  }

  addMember(group: string, member: GroupMember): void {
    this.#groups.get(group)?.set(member.id, member);
    this.#changes.push({ kind: 'group', id: group, member, removed: false });
  }

  removeMember(group: string, member: GroupMember): void {
    this.#groups.get(group)?.delete(member.id);
    this.#changes.push({ kind: 'group', id: group, member, removed: true });
  }

  /** Of groups within it, too. */
  transitiveMembers(group: string): readonly GroupMember[] {
    const found = new Map<string, GroupMember>();
    const waiting = [group];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      for (const member of this.#groups.get(next)?.values() ?? []) {
        if (found.has(member.id)) continue;
        found.set(member.id, member);
        if (member.type === 'group') waiting.push(member.id);
      }
    }
    return [...found.values()];
  }
}
