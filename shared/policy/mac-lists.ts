// Lists of MAC addresses: brought into the store under a name, and read with the policy that names them.

import { toInstant } from '../domain/instant.ts';
import { isMacListName, listsNamedIn, readMacList } from '../domain/policy/mac-list.ts';
import { type MacSet, macSet } from '../domain/policy/mac-set.ts';
import { MacListError, RequestError } from '../errors.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { Clock } from '../ports/clock.ts';
import type { MacListStore } from '../ports/mac-list-store.ts';
import type { Logger } from '../ports/telemetry.ts';

export interface MacListDeps {
  readonly lists: MacListStore;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface UploadedMacList {
  /** False when the very same was there already. */
  readonly created: boolean;
  readonly addresses: number;
}

/** @throws MacListError for what is in the file, RequestError NAC_MAC_LIST_NAME */
export async function uploadMacList(
  { lists, clock, log }: MacListDeps,
  name: string,
  file: string,
  by: string,
): Promise<UploadedMacList> {
  if (!isMacListName(name)) {
    throw nameError(
      `"${name.slice(0, 64)}" cannot be the name of a list.`,
      'Use up to 64 lower-case letters, digits, dots, hyphens and underscores.',
    );
  }
  const { digits, problems } = readMacList(file);
  if (problems.length > 0) throw new MacListError(problems);
  const text = digits.join('\n');
  const addresses = digits.length;
  const created = await lists.createMacList({ name, text, addresses, createdAt: toInstant(clock.now()), by });
  if (created) log.info('policy.mac-list-uploaded', { list: name, addresses, by });
  else if ((await lists.readMacList(name))?.text !== text) {
    throw nameError(`There is a list "${name}" with other addresses.`, 'Give the new content a new name.');
  }
  return { created, addresses };
}

/** @returns digits, one address a line @throws RequestError NAC_MAC_LIST_NAME */
export async function macListText({ lists }: Pick<MacListDeps, 'lists'>, name: string): Promise<string> {
  const stored = isMacListName(name) ? await lists.readMacList(name) : undefined;
  if (stored !== undefined) return stored.text;
  throw nameError(`There is no list "${name.slice(0, 64)}".`, '`npm run policy -- list` shows what there is.');
}

/** Sets by name of their list: a list never changes, and several versions of a policy name the same. */
export interface RememberedMacSets {
  get(name: string): MacSet | undefined;
  set(name: string, set: MacSet): unknown;
}

/** The lists that a policy's text names, as far as they are there. @throws StoreError */
export async function macListsOf(
  lists: Pick<MacListStore, 'readMacList'>,
  policyText: string,
  remembered: RememberedMacSets,
  options: CallOptions = {},
): Promise<ReadonlyMap<string, MacSet>> {
  const found = await Promise.all(
    listsNamedIn(policyText).map(async (name): Promise<[string, MacSet][]> => {
      const known = remembered.get(name);
      if (known) return [[name, known]];
      const stored = await lists.readMacList(name, options);
      if (stored === undefined) return [];
      const set = macSet(stored.text.split('\n'), name);
      remembered.set(name, set);
      return [[name, set]];
    }),
  );
  return new Map(found.flat());
}

function nameError(message: string, action: string): RequestError {
  return new RequestError(400, 'NAC_MAC_LIST_NAME', message, { action, field: 'list' });
}
