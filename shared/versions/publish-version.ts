// Versions of a document: brought into the store, put into force, taken back. One row says which is in force, so a
// change is all or nothing.

import { type Instant, toInstant } from '../domain/instant.ts';
import {
  type Activation,
  type ActivationState,
  activate,
  BUILT_IN,
  isVersionName,
  rollBack,
  settledAt,
  versionBefore,
  versionInForce,
} from '../domain/version-activation.ts';
import { RequestError, StoreError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { VersionStore, VersionSummary } from '../ports/version-store.ts';

/** How messages and the log name a kind of document. */
export interface DocumentWords {
  readonly events: { readonly uploaded: string; readonly inForce: string };
  /** As in "changes of the policy". */
  readonly document: string;
  readonly versionCode: 'NAC_POLICY_VERSION' | 'NAC_SOURCES_VERSION';
  /** Where its versions are shown, as a sentence. */
  readonly listed: string;
}

export interface PublishDeps {
  readonly words: DocumentWords;
  readonly store: VersionStore;
  /** @throws DocumentError for what is wrong in the text */
  readonly check: (text: string, about: { readonly version: string }) => unknown;
  /** Asked of each version before it comes into force, by activation or by rollback. @throws RequestError */
  readonly mayTakeOver?: (version: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface VersionOverview {
  readonly inForce: string;
  readonly changedAt?: Instant;
  /** From then on no instance goes by an earlier version. */
  readonly settledAt?: Instant;
  /** What a rollback would bring back; absent when nothing was activated. */
  readonly rollbackTo?: string;
  readonly activations: readonly Activation[];
  readonly versions: readonly VersionSummary[];
}

/** Attempts when another writer changes the same row; each lost one means that the other got through. */
const ATTEMPTS = 5;

/** @returns false when the very same was there already @throws DocumentError, RequestError of the version */
export async function uploadVersion(deps: PublishDeps, version: string, text: string, by: string): Promise<boolean> {
  if (!isVersionName(version) || ROUTE_WORDS.has(version)) {
    throw versionError(deps.words, `"${version.slice(0, 64)}" cannot be the name of a version.`, NAME_RULE);
  }
  await deps.check(text, { version });
  const created = await deps.store.createVersion({ version, text, createdAt: now(deps), by });
  if (created) deps.log.info(deps.words.events.uploaded, { version, by });
  else if ((await deps.store.readVersion(version))?.text !== text) {
    const message = `There is a version "${version}" with other content.`;
    throw versionError(deps.words, message, 'Give the new content a new name.');
  }
  return created;
}

/** @throws RequestError of the version, DocumentError when the stored text is not valid any more */
export async function activateVersion(deps: PublishDeps, version: string, by: string): Promise<ActivationState> {
  if (version !== BUILT_IN) await deps.check(await readVersionText(deps, version), { version });
  return changeState(deps, by, (state, at) => activate(state, { version, at, by }));
}

/** @param from what is thought to be in force: a rollback sent twice must not go back twice */
export async function rollBackVersion(deps: PublishDeps, by: string, from?: string): Promise<ActivationState> {
  const { words } = deps;
  return changeState(deps, by, (state, at) => {
    if (from !== undefined && versionInForce(state) !== from) {
      const message = `Not "${from.slice(0, 64)}" is in force, but "${versionInForce(state)}".`;
      throw versionError(words, message, words.listed);
    }
    const next = rollBack(state, at);
    if (next !== undefined) return next;
    throw versionError(words, 'Nothing was activated, so there is nothing to take back.', words.listed);
  });
}

export async function versionOverview({ store }: Pick<PublishDeps, 'store'>): Promise<VersionOverview> {
  const [{ state }, versions] = await Promise.all([store.readState(), store.listVersions()]);
  const settled = settledAt(state);
  const rollbackTo = versionBefore(state);
  return {
    inForce: versionInForce(state),
    ...(state.changedAt !== undefined && { changedAt: state.changedAt }),
    ...(settled !== undefined && { settledAt: settled }),
    ...(rollbackTo !== undefined && { rollbackTo }),
    activations: state.activations,
    versions,
  };
}

/** @throws RequestError of the version */
export async function readVersionText(
  { store, words }: Pick<PublishDeps, 'store' | 'words'>,
  version: string,
): Promise<string> {
  const stored = isVersionName(version) ? await store.readVersion(version) : undefined;
  if (stored === undefined) throw versionError(words, `There is no version "${version.slice(0, 64)}".`, words.listed);
  return stored.text;
}

const NAME_RULE =
  'Use up to 64 lower-case letters, digits, dots, hyphens and underscores; not "built-in…", not "draft", not "hits".';

/** Where a version's text is read, these are routes of their own. Versions of before may be called so. */
const ROUTE_WORDS: ReadonlySet<string> = new Set(['hits']);

async function changeState(
  deps: PublishDeps,
  by: string,
  change: (state: ActivationState, at: Instant) => ActivationState,
): Promise<ActivationState> {
  const { events, document } = deps.words;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { state, etag } = await deps.store.readState();
    const next = change(state, now(deps));
    if (next === state) return state;
    await deps.mayTakeOver?.(versionInForce(next));
    if (await deps.store.writeState(next, etag)) {
      deps.log.info(events.inForce, { version: versionInForce(next), before: versionInForce(state), by });
      return next;
    }
  }
  throw new StoreError('NAC_STORE_CONFLICT', `Too many changes of the ${document} at once.`, {
    action: 'Look which version is in force, and repeat the command if it is still wanted.',
  });
}

function now({ clock }: PublishDeps): Instant {
  return toInstant(clock.now());
}

function versionError({ versionCode }: DocumentWords, message: string, action: string): RequestError {
  return new RequestError(400, versionCode, message, { action, field: 'version' });
}
