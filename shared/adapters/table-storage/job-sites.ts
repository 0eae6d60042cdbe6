// Which sites have, or had, jobs: one partition lists them, so that the partitions of all sites need not be searched.
//
// Sites of an earlier version are known by the keys of their sessions: no job is made where no session was.

import type { TableClient } from '@azure/data-tables';
import { jobSiteRow, partitionFilter, siteRow } from './row-keys.ts';
import { storeCall, storePages } from './store-errors.ts';

export class JobSites {
  readonly #table: TableClient;
  /** Sites that this process has noted. */
  readonly #noted = new Set<string>();

  /** @param clients the table that holds clients and sites */
  constructor(clients: TableClient) {
    this.#table = clients;
  }

  /** Before a job of the site is written: once it is there, the site is listed. */
  async note(site: string): Promise<void> {
    if (this.#noted.has(site)) return;
    await storeCall('noting a site', this.#table.upsertEntity(jobSiteRow(site), 'Merge'));
    this.#noted.add(site);
  }

  /** In the order of their names. */
  async list(): Promise<string[]> {
    const partitions = [jobSiteRow('').partitionKey, siteRow('').partitionKey];
    const names = await Promise.all(partitions.map((partition) => this.#namesIn(partition)));
    // As the service orders keys: by their code units.
    return [...new Set(names.flat())].sort((a, b) => (a < b ? -1 : 1));
  }

  async #namesIn(partition: string): Promise<string[]> {
    const queryOptions = { filter: partitionFilter(partition), select: ['RowKey'] };
    const names: string[] = [];
    const rows = this.#table.listEntities<{ rowKey: string }>({ queryOptions });
    for await (const { rowKey } of storePages('listing sites', rows)) names.push(rowKey);
    return names;
  }
}
