// Enforcement jobs and their outbox in Table Storage. The job's own row decides; an outbox row only says that it may not
// be final yet, so it is written after the job and taken away after it.

import type { TableClient, TableEntityResult } from '@azure/data-tables';
import { type EnforcementJob, isFinal } from '../../domain/enforcement-job.ts';
import type { JobStore, StoredJob } from '../../ports.ts';
import { jobRow, outboxRow } from './row-keys.ts';
import { isConflict, isNotFound, storeCall, toStoreError } from './store-errors.ts';
import type { Tables } from './tables.ts';

type JobEntity = { job: string };

export class TableJobStore implements JobStore {
  readonly #jobs: TableClient;
  readonly #outbox: TableClient;

  constructor({ jobs, outbox }: Pick<Tables, 'jobs' | 'outbox'>) {
    this.#jobs = jobs;
    this.#outbox = outbox;
  }

  async create(job: EnforcementJob): Promise<boolean> {
    let created = true;
    try {
      await this.#jobs.createEntity(toEntity(job));
    } catch (thrown) {
      if (!isConflict(thrown)) throw toStoreError('creating a job', thrown);
      created = false;
    }
    // Repeated after a crash in between: the job is there, its outbox row may not be. A final job's is swept away again.
    await storeCall('filling the outbox', this.#outbox.upsertEntity({ ...outboxRow(job), jobId: job.id }, 'Replace'));
    return created;
  }

  async read(site: string, id: string): Promise<StoredJob | undefined> {
    const { partitionKey, rowKey } = jobRow({ site, id });
    try {
      return fromEntity(await this.#jobs.getEntity<JobEntity>(partitionKey, rowKey));
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw toStoreError('reading a job', thrown);
    }
  }

  async update(job: EnforcementJob, etag: string): Promise<boolean> {
    try {
      await this.#jobs.updateEntity(toEntity(job), 'Replace', { etag });
    } catch (thrown) {
      if (isConflict(thrown) || isNotFound(thrown)) return false;
      throw toStoreError('writing a job', thrown);
    }
    if (isFinal(job)) await this.#takeOut(job);
    return true;
  }

  async *listOpen(): AsyncIterable<StoredJob> {
    for await (const { partitionKey = '', rowKey = '', jobId } of this.#outbox.listEntities<{ jobId: string }>()) {
      const stored = await this.read(partitionKey, jobId);
      if (stored && !isFinal(stored.job)) yield stored;
      else await this.#removeOutboxRow(partitionKey, rowKey);
    }
  }

  async list({ site, limit }: { site?: string | undefined; limit: number }): Promise<EnforcementJob[]> {
    const filter = site === undefined ? {} : { filter: `PartitionKey eq '${site.replaceAll("'", "''")}'` };
    const jobs: EnforcementJob[] = [];
    for await (const row of this.#jobs.listEntities<JobEntity>({ queryOptions: filter })) {
      jobs.push(fromEntity(row).job);
      // Within a site rows are newest first; over several sites all of them must be seen to sort.
      if (site !== undefined && jobs.length === limit) break;
    }
    return jobs.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
  }

  async #takeOut(job: EnforcementJob): Promise<void> {
    const { partitionKey, rowKey } = outboxRow(job);
    await this.#removeOutboxRow(partitionKey, rowKey);
  }

  async #removeOutboxRow(partitionKey: string, rowKey: string): Promise<void> {
    try {
      await this.#outbox.deleteEntity(partitionKey, rowKey);
    } catch (thrown) {
      if (!isNotFound(thrown)) throw toStoreError('emptying the outbox', thrown);
    }
  }
}

/** Columns beside the JSON are for people and filters. */
function toEntity(job: EnforcementJob) {
  const { stage, attempt, sessionId, decidedAt, reason } = job;
  return { ...jobRow(job), job: JSON.stringify(job), stage, attempt, sessionId, decidedAt, reason };
}

function fromEntity({ job, etag }: TableEntityResult<JobEntity>): StoredJob {
  return { job: JSON.parse(job), etag };
}
