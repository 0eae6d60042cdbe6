// Which version of a document is in force, which one before, and how long another instance may still go by that one.

import { addMilliseconds, type Instant } from './instant.ts';

/** What the settings describe, in force until a version is activated; no version has a name that begins so. */
export const BUILT_IN = 'built-in';

/** Instances read what is in force at most this old. */
export const VERSION_MEMORY_MS = 60_000;
/** For answers under way, and for clocks that differ. */
const SETTLE_MARGIN_MS = 30_000;
/** From an activation until every instance goes by it. */
export const SETTLE_MS: number = VERSION_MEMORY_MS + SETTLE_MARGIN_MS;
/** So many activations can be rolled back, one after the other. */
const MOST_ACTIVATIONS = 50;

export interface Activation {
  /** {@link BUILT_IN} for what the settings describe. */
  readonly version: string;
  readonly at: Instant;
  readonly by: string;
}

export interface ActivationState {
  /** Oldest first; the last one is in force, and a rollback takes it away. */
  readonly activations: readonly Activation[];
  /** When the version in force came into force, by activation or by rollback. */
  readonly changedAt?: Instant;
  /** Versions that were in force a moment ago, newest first, and until when an instance may still answer by them. */
  readonly outgoing: readonly { readonly version: string; readonly until: Instant }[];
}

export const NOTHING_ACTIVATED: ActivationState = { activations: [], outgoing: [] };

export function versionInForce({ activations }: ActivationState): string {
  return activations.at(-1)?.version ?? BUILT_IN;
}

/** What a rollback brings back; `undefined` when nothing was activated. */
export function versionBefore({ activations }: ActivationState): string | undefined {
  return activations.length === 0 ? undefined : (activations.at(-2)?.version ?? BUILT_IN);
}

/** What may be in force where the activated version cannot be used: those before it, newest first. */
export function lastGoodVersions({ activations }: ActivationState): readonly string[] {
  const before = activations.slice(0, -1).map(({ version }) => version);
  return [...new Set([...before.reverse(), BUILT_IN])];
}

/** Versions that some instance may still answer by, without the one in force. */
export function outgoingVersions(state: ActivationState, now: Instant): string[] {
  const inForce = versionInForce(state);
  const still = state.outgoing.filter(({ version, until }) => until > now && version !== inForce);
  return [...new Set(still.map(({ version }) => version))];
}

/** From when on every instance answers by the version in force. */
export function settledAt({ changedAt }: ActivationState): Instant | undefined {
  return changedAt && addMilliseconds(changedAt, SETTLE_MS);
}

/** The same state when the version is in force already. */
export function activate(state: ActivationState, activation: Activation): ActivationState {
  if (versionInForce(state) === activation.version) return state;
  return changed(state, [...state.activations, activation].slice(-MOST_ACTIVATIONS), activation.at);
}

/** The version before comes back into force; `undefined` when there is none. */
export function rollBack(state: ActivationState, at: Instant): ActivationState | undefined {
  return state.activations.length === 0 ? undefined : changed(state, state.activations.slice(0, -1), at);
}

function changed(before: ActivationState, activations: readonly Activation[], at: Instant): ActivationState {
  const until = addMilliseconds(at, SETTLE_MS);
  const still = before.outgoing.filter((outgoing) => outgoing.until > at);
  return { activations, changedAt: at, outgoing: [{ version: versionInForce(before), until }, ...still] };
}

/** Characters of a version's name. */
export const LONGEST_VERSION_NAME = 64;

/** Names a version may have: safe in keys, URLs, file names and the lines of logs. */
export function isVersionName(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(text) && !text.startsWith(BUILT_IN) && text !== 'draft';
}

/** Whether what was stored is such a state. */
export function isActivationState(value: unknown): value is ActivationState {
  if (typeof value !== 'object' || value === null) return false;
  const { activations, outgoing, changedAt }: Partial<Record<keyof ActivationState, unknown>> = value;
  const all = (list: unknown, fields: readonly string[]): boolean =>
    Array.isArray(list) && list.every((one) => fields.every((field) => typeof one?.[field] === 'string'));
  const isText = changedAt === undefined || typeof changedAt === 'string';
  return isText && all(activations, ['version', 'at', 'by']) && all(outgoing, ['version', 'until']);
}
