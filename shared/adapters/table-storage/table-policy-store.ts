// Policy versions and which of them is in force, in Table Storage. A version's row never changes; one row, under its
// etag, says what is in force.

import type { TableClient } from '@azure/data-tables';
import { NOTHING_ACTIVATED, type PolicyState } from '../../domain/policy/policy-activation.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { PolicyStore, PolicyVersion, PolicyVersionSummary } from '../../ports/policy-store.ts';
import { createOrReplace } from './create-or-replace.ts';
import { textColumns, textOfColumns } from './long-text.ts';
import { POLICY_STATE_ROW, policyVersionRow, prefixFilter } from './row-keys.ts';
import { readRow } from './rows.ts';
import { isConflict, storePages, toStoreError } from './store-errors.ts';

type VersionColumns = Record<string, unknown> & { version: string; createdAt: string; by: string; columns: number };

export class TablePolicyStore implements PolicyStore {
  readonly #table: TableClient;

  constructor(table: TableClient) {
    this.#table = table;
  }

  async readState({ signal }: CallOptions = {}): Promise<{ state: PolicyState; etag?: string }> {
    const what = 'reading which policy is in force';
    const row = await readRow<{ state: string }>(what, this.#table, POLICY_STATE_ROW, { signal });
    return row === undefined ? { state: NOTHING_ACTIVATED } : { state: JSON.parse(row.state), etag: row.etag };
  }

  async writeState(state: PolicyState, etag: string | undefined): Promise<boolean> {
    const entity = { ...POLICY_STATE_ROW, state: JSON.stringify(state) };
    try {
      await createOrReplace(this.#table, entity, etag);
      return true;
    } catch (thrown) {
      if (isConflict(thrown)) return false;
      throw toStoreError('changing which policy is in force', thrown);
    }
  }

  async createVersion({ version, text, createdAt, by }: PolicyVersion): Promise<boolean> {
    try {
      await this.#table.createEntity({ ...policyVersionRow(version), version, createdAt, by, ...textColumns(text) });
      return true;
    } catch (thrown) {
      if (isConflict(thrown)) return false;
      throw toStoreError('storing a policy', thrown);
    }
  }

  async readVersion(version: string, { signal }: CallOptions = {}): Promise<PolicyVersion | undefined> {
    const row = await readRow<VersionColumns>('reading a policy', this.#table, policyVersionRow(version), { signal });
    return row && { version, text: textOfColumns(row), createdAt: row.createdAt, by: row.by };
  }

  async listVersions(): Promise<PolicyVersionSummary[]> {
    const filter = prefixFilter(POLICY_STATE_ROW.partitionKey, 'v|');
    const queryOptions = { filter, select: ['version', 'createdAt', 'by'] };
    const versions: PolicyVersionSummary[] = [];
    const pages = this.#table.listEntities<VersionColumns>({ queryOptions }).byPage();
    for await (const page of storePages('listing policies', pages)) {
      versions.push(...page.map(({ version, createdAt, by }) => ({ version, createdAt, by })));
    }
    return versions.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }
}
