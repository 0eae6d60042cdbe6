// Compiles policies, with the lists of MAC addresses that they name.

import { LRUCache } from 'lru-cache';
import { TableMacListStore } from '../adapters/table-storage/table-mac-list-store.ts';
import type { Tables } from '../adapters/table-storage/tables.ts';
import { readPolicy } from '../adapters/yaml/read-policy.ts';
import type { MacSet } from '../domain/policy/mac-set.ts';
import { macListsOf } from '../policy/mac-lists.ts';
import type { ReadPolicy } from '../ports/policy-source.ts';

/** Lists that stay in memory: those of the policy in force, of the one before, and of a draft. */
const MOST_REMEMBERED = 20;

/** @param groups those that a policy may ask for; absent: any, so that one in force stays readable */
export function openPolicyReader(
  { policies }: Pick<Tables, 'policies'>,
  groups: () => Promise<ReadonlySet<string> | 'unchecked'> = async () => 'unchecked',
): ReadPolicy {
  const lists = new TableMacListStore(policies);
  const remembered = new LRUCache<string, MacSet>({ max: MOST_REMEMBERED });
  return async (text, { version }, options) =>
    readPolicy(text, {
      version,
      macLists: await macListsOf(lists, text, remembered, options),
      groups: await groups(),
    });
}
