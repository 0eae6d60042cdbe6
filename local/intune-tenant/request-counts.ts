// Counts what arrives at the simulated tenant, so that tests and operators see how often it is asked.

import { SCRIPT_TARGETS, type ScriptTarget } from './script.ts';

export const REQUEST_KINDS = [...SCRIPT_TARGETS, 'keys', 'signIn', 'unknown'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

export class RequestCounts {
  readonly #requests = new Map<RequestKind, number>();
  readonly #scripted = new Map<ScriptTarget, number>();

  countRequest(kind: RequestKind): void {
    this.#requests.set(kind, (this.#requests.get(kind) ?? 0) + 1);
  }

  countScripted(target: ScriptTarget): void {
    this.#scripted.set(target, (this.#scripted.get(target) ?? 0) + 1);
  }

  /** All requests by what they asked for, those answered by script included. */
  requests(): Record<RequestKind, number> {
    return counted(REQUEST_KINDS, (kind) => this.#requests.get(kind) ?? 0);
  }

  scripted(): Record<ScriptTarget, number> {
    return counted(SCRIPT_TARGETS, (target) => this.#scripted.get(target) ?? 0);
  }
}

/** One number per name, also for the names that never occurred. */
export function counted<Name extends string>(
  names: readonly Name[],
  count: (name: Name) => number,
): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, count(name)])) as Record<Name, number>;
}
