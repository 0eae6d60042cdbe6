// Keeps the index of devices that are not compliant. Writes of records add what they concern; what time alone changes
// (a device falls silent), what an earlier version wrote, and what counts no more, this finds: once a day it goes
// through every shard.

import { type DeviceKey, deviceKeyText, isSilent, SHARDS } from '../../domain/device/device.ts';
import { searchTermsOf } from '../../domain/device/device-identities.ts';
import { mayBeNoncompliant } from '../../domain/device/record-standing.ts';
import { addMilliseconds, type Instant, toInstant } from '../../domain/instant.ts';
import type { DeviceStore, StoredDevice } from '../../ports/device-store.ts';
import type { IdentityStore } from '../../ports/identity-store.ts';
import type { NoncompliantIndex } from '../../ports/noncompliant-index.ts';
import { type NoLease, type TaskDeps, withTask } from '../tasks/leased-task.ts';

export const INDEX_TASK = 'noncompliant-index';
const EVERY_MS = 24 * 3_600_000;
/** Entries that are looked at before how far it is, is stored. */
const CHUNK = 1_000;

export interface KeepIndexDeps extends TaskDeps {
  /** Of every source. */
  readonly devices: Pick<DeviceStore, 'listRecords' | 'readMany'>;
  readonly index: NoncompliantIndex;
  readonly identities: Pick<IdentityStore, 'addOwners'>;
  readonly maxCheckInAgeMs: number;
}

interface IndexState {
  /** Not before this: it was just gone through. */
  readonly notBefore?: Instant;
  /** Place of the shard under way. */
  readonly shard?: number;
  /** Of that shard: the record behind which to go on; absent at its beginning. */
  readonly after?: DeviceKey;
  /** Its records are done: the hash of the entry to go on with. */
  readonly from?: string;
  /** What people search for leads to every device: an earlier version did not write that. */
  readonly searchable?: true;
}

/**
 * @param budgetMs no further step is begun after so long @param leaseMs longer than the host lets a function run
 * @throws StoreError
 */
export async function keepNoncompliantIndex(
  deps: KeepIndexDeps,
  { budgetMs, leaseMs }: { readonly budgetMs: number; readonly leaseMs: number },
): Promise<'complete' | 'sliced' | NoLease> {
  const until = deps.clock.now().getTime() + budgetMs;
  const hasTime = (): boolean => !deps.stopping?.aborted && deps.clock.now().getTime() < until;
  const task = { name: INDEX_TASK, initial: {} as IndexState, leaseMs };
  const isDue = ({ notBefore = '' }: IndexState, now: Instant): boolean => notBefore <= now;
  return withTask(deps, task, isDue, async (lease) => {
    const at = toInstant(deps.clock.now());
    const { notBefore: _, ...begun } = lease.state;
    let state: IndexState = begun;
    for (;;) {
      const shard = SHARDS[state.shard ?? 0];
      if (shard === undefined) {
        lease.leave({ notBefore: addMilliseconds(at, EVERY_MS), searchable: true });
        return 'complete';
      }
      state =
        state.from === undefined ? await addSome(deps, state, shard, at) : await removeSome(deps, state, shard, at);
      if (!hasTime()) {
        lease.leave(state);
        return 'sliced';
      }
      await lease.save(state);
    }
  });
}

async function addSome(deps: KeepIndexDeps, state: IndexState, shard: string, at: Instant): Promise<IndexState> {
  const { records, more } = await deps.devices.listRecords(shard, state.after);
  await deps.index.add(records.filter((record) => mayCount(deps, record, at)).map(({ device }) => keyOf(device)));
  if (state.searchable === undefined) {
    await deps.identities.addOwners(
      records.flatMap(({ device }) => searchTermsOf(device).map((identity) => ({ identity, device }))),
    );
  }
  const last = records.at(-1)?.device;
  const { after: _, ...rest } = state;
  return more && last !== undefined ? { ...rest, after: keyOf(last) } : { ...rest, from: shard };
}

async function removeSome(
  deps: KeepIndexDeps,
  { shard: place = 0, from, ...state }: IndexState,
  shard: string,
  at: Instant,
): Promise<IndexState> {
  const { entries, more } = await deps.index.listNoncompliant(shard, from ?? shard, CHUNK);
  const records = await deps.devices.readMany(entries);
  await deps.index.remove(entries.filter((entry) => !mayCount(deps, records.get(deviceKeyText(entry)), at)));
  const last = entries.at(-1);
  if (!more || last === undefined) return { ...state, shard: place + 1 };
  // Behind the last one: hashes are hexadecimal digits, and a bar follows.
  return { ...state, shard: place, from: `${last.hash}}` };
}

function mayCount({ maxCheckInAgeMs }: KeepIndexDeps, record: StoredDevice | undefined, at: Instant): boolean {
  if (record === undefined || record.presence !== 'present') return false;
  return mayBeNoncompliant(record) || isSilent(record.device, at, maxCheckInAgeMs);
}

function keyOf({ source, id }: DeviceKey): DeviceKey {
  return { source, id };
}
