// Versions of policy.yaml: brought into the store, put into force, taken back. One row says which is in force, so a
// change is all or nothing.

import { type Instant, toInstant } from '../domain/instant.ts';
import { BUILT_IN } from '../domain/policy/built-in-policy.ts';
import {
  activate,
  isPolicyVersionName,
  type PolicyActivation,
  type PolicyState,
  rollBack,
  settledAt,
  versionBefore,
  versionInForce,
} from '../domain/policy/policy-activation.ts';
import { RequestError, StoreError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { MacListStore, MacListSummary } from '../ports/mac-list-store.ts';
import type { ReadPolicy } from '../ports/policy-source.ts';
import type { PolicyStore, PolicyVersionSummary } from '../ports/policy-store.ts';
import type { Logger } from '../ports/telemetry.ts';

export interface PublishDeps {
  readonly store: PolicyStore;
  readonly lists: Pick<MacListStore, 'listMacLists'>;
  readonly readPolicy: ReadPolicy;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface PolicyOverview {
  readonly inForce: string;
  readonly changedAt?: Instant;
  /** From then on no instance answers by an earlier version, and CoAs for what the change made different begin. */
  readonly settledAt?: Instant;
  /** What a rollback would bring back; absent when nothing was activated. */
  readonly rollbackTo?: string;
  readonly activations: readonly PolicyActivation[];
  readonly versions: readonly PolicyVersionSummary[];
  /** Lists of MAC addresses that policies may name. */
  readonly macLists: readonly MacListSummary[];
}

/** Attempts when another writer changes the same row; each lost one means that the other got through. */
const ATTEMPTS = 5;

/** @returns false when the very same was there already @throws PolicyError, RequestError NAC_POLICY_VERSION */
export async function uploadPolicy(deps: PublishDeps, version: string, text: string, by: string): Promise<boolean> {
  if (!isPolicyVersionName(version)) {
    throw versionError(`"${version.slice(0, 64)}" cannot be the name of a version.`, NAME_RULE);
  }
  await deps.readPolicy(text, { version });
  const created = await deps.store.createVersion({ version, text, createdAt: now(deps), by });
  if (created) deps.log.info('policy.uploaded', { version, by });
  else if ((await deps.store.readVersion(version))?.text !== text) {
    throw versionError(`There is a version "${version}" with other content.`, 'Give the new content a new name.');
  }
  return created;
}

/** @throws RequestError NAC_POLICY_VERSION, PolicyError when the stored text is not valid any more */
export async function activatePolicy(deps: PublishDeps, version: string, by: string): Promise<PolicyState> {
  if (version !== BUILT_IN) {
    await deps.readPolicy(await readPolicyText(deps, version), { version });
  }
  return changeState(deps, by, (state, at) => activate(state, { version, at, by }));
}

/** @param from what is thought to be in force: a rollback sent twice must not go back twice */
export async function rollBackPolicy(deps: PublishDeps, by: string, from?: string): Promise<PolicyState> {
  return changeState(deps, by, (state, at) => {
    if (from !== undefined && versionInForce(state) !== from) {
      throw versionError(`Not "${from.slice(0, 64)}" is in force, but "${versionInForce(state)}".`, LISTED);
    }
    const next = rollBack(state, at);
    if (next === undefined) throw versionError('Nothing was activated, so there is nothing to take back.', LISTED);
    return next;
  });
}

export async function policyOverview({ store, lists }: Pick<PublishDeps, 'store' | 'lists'>): Promise<PolicyOverview> {
  const [{ state }, versions, macLists] = await Promise.all([
    store.readState(),
    store.listVersions(),
    lists.listMacLists(),
  ]);
  const settled = settledAt(state);
  const rollbackTo = versionBefore(state);
  return {
    inForce: versionInForce(state),
    ...(state.changedAt !== undefined && { changedAt: state.changedAt }),
    ...(settled !== undefined && { settledAt: settled }),
    ...(rollbackTo !== undefined && { rollbackTo }),
    activations: state.activations,
    versions,
    macLists,
  };
}

/** @throws RequestError NAC_POLICY_VERSION */
export async function readPolicyText({ store }: Pick<PublishDeps, 'store'>, version: string): Promise<string> {
  const stored = isPolicyVersionName(version) ? await store.readVersion(version) : undefined;
  if (stored === undefined) throw versionError(`There is no version "${version.slice(0, 64)}".`, LISTED);
  return stored.text;
}

const NAME_RULE =
  'Use up to 64 lower-case letters, digits, dots, hyphens and underscores; not "built-in…", not "draft".';
const LISTED = 'GET /api/policies and `npm run policy -- list` show what there is.';

async function changeState(
  deps: PublishDeps,
  by: string,
  change: (state: PolicyState, at: Instant) => PolicyState,
): Promise<PolicyState> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { state, etag } = await deps.store.readState();
    const next = change(state, now(deps));
    if (next === state) return state;
    if (await deps.store.writeState(next, etag)) {
      deps.log.info('policy.in-force', { version: versionInForce(next), before: versionInForce(state), by });
      return next;
    }
  }
  throw new StoreError('NAC_STORE_CONFLICT', 'Too many changes of the policy at once.', {
    action: 'Look which version is in force, and repeat the command if it is still wanted.',
  });
}

function now({ clock }: PublishDeps): Instant {
  return toInstant(clock.now());
}

function versionError(message: string, action: string): RequestError {
  return new RequestError(400, 'NAC_POLICY_VERSION', message, { action, field: 'version' });
}
