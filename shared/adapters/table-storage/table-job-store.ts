// Enforcement jobs and their outbox in Table Storage. The job's own row decides; an outbox row only says that it may
// not be final yet, so it is written after the job and taken away after it.

import type { TableClient, TableEntityResult } from '@azure/data-tables';
import { concurrently } from '../../concurrently.ts';
import { type EnforcementJob, isFinal } from '../../domain/coa/enforcement-job.ts';
import type { Instant } from '../../domain/instant.ts';
import { StoreError } from '../../errors.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { JobRange, JobStore, OutboxRange, StoredJob } from '../../ports/job-store.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { JobSites } from './job-sites.ts';
import { jobRow, jobsFilter, olderJobsFilter, outboxFilter, outboxRow } from './row-keys.ts';
import { isStoredJob } from './row-shapes.ts';
import { readRow, unlessGone, unlessOvertaken } from './rows.ts';
import { isConflict, storeCall, storePages, toStoreError } from './store-errors.ts';
import type { Tables } from './tables.ts';

type JobEntity = { job: string };
type OutboxRow = { readonly partitionKey?: string; readonly rowKey?: string; readonly jobId?: unknown };

/** Limit of the Table service per answer. */
const LARGEST_PAGE = 1_000;
const LIST_PAGE = 200;
const LEAST_LIST_PAGE = 10;
const READ_CONCURRENCY = 16;

export class TableJobStore implements JobStore {
  readonly #jobs: TableClient;
  readonly #outbox: TableClient;
  readonly #sites: JobSites;
  readonly #log: Logger | undefined;

  /** @param log hears of rows that something else wrote */
  constructor({ jobs, outbox, clients }: Pick<Tables, 'jobs' | 'outbox' | 'clients'>, log?: Logger) {
    this.#jobs = jobs;
    this.#outbox = outbox;
    this.#sites = new JobSites(clients);
    this.#log = log;
  }

  async create(job: EnforcementJob): Promise<boolean> {
    await this.#sites.note(job.site);
    let created = true;
    try {
      await this.#jobs.createEntity(toEntity(job));
    } catch (thrown) {
      if (!isConflict(thrown)) throw toStoreError('creating a job', thrown);
      created = false;
    }
    // Repeated after a crash in between: the job is there, its outbox row may not be. That of a final job is removed
    // again.
    await storeCall('filling the outbox', this.#outbox.upsertEntity({ ...outboxRow(job), jobId: job.id }, 'Replace'));
    return created;
  }

  async read(site: string, id: string): Promise<StoredJob | undefined> {
    const row = await readRow<JobEntity>('reading a job', this.#jobs, jobRow({ site, id }));
    return row && fromEntity(row);
  }

  async update(job: EnforcementJob, etag: string): Promise<boolean> {
    const update = this.#jobs.updateEntity(toEntity(job), 'Replace', { etag });
    if (!(await unlessOvertaken('writing a job', update))) return false;
    if (isFinal(job)) await this.#takeOut(job);
    return true;
  }

  async listOpen(
    site: string,
    { limit, after, urgentSince, sessionId }: OutboxRange,
  ): Promise<{ jobs: StoredJob[]; next?: string }> {
    const queryOptions = { filter: outboxFilter(site, after, urgentSince) };
    const maxPageSize = Math.min(limit, LARGEST_PAGE);
    const pages = this.#outbox.listEntities<{ jobId: string }>({ queryOptions }).byPage({ maxPageSize });
    const jobs: StoredJob[] = [];
    let seen = 0;
    for await (const page of storePages('reading the outbox', pages)) {
      // A job's id names its session.
      const rows = page.filter(({ jobId }) => sessionId === undefined || String(jobId).includes(`-${sessionId}-`));
      jobs.push(...(await this.#openOf(rows)));
      seen += page.length;
      const { continuationToken } = page as { continuationToken?: string };
      const last = page.at(-1)?.rowKey;
      if (seen >= limit && continuationToken && last !== undefined) return { jobs, next: last };
    }
    return { jobs };
  }

  async #openOf(page: readonly OutboxRow[]): Promise<StoredJob[]> {
    const found = await concurrently(page, READ_CONCURRENCY, async (row) => {
      const { partitionKey = '', rowKey = '' } = row;
      const stored = await this.#readOpen(row);
      if (stored === 'unreadable') return undefined;
      if (stored && !isFinal(stored.job)) return stored;
      await this.#removeOutboxRow(partitionKey, rowKey);
      return undefined;
    });
    return found.filter((stored) => stored !== undefined);
  }

  /** What something else wrote stays where it is, for a person to look at. */
  async #readOpen(row: OutboxRow) {
    const { partitionKey = '', rowKey = '', jobId } = row;
    try {
      if (typeof jobId !== 'string') throw damaged('outbox', partitionKey, rowKey);
      return await this.read(partitionKey, jobId);
    } catch (thrown) {
      if (!(thrown instanceof StoreError) || thrown.code !== 'NAC_STORE_ROW') throw thrown;
      this.#report(thrown, partitionKey);
      return 'unreadable' as const;
    }
  }

  #report({ code, message, action }: StoreError, site: string): void {
    this.#log?.error('enforcement.row-unreadable', { code, message, action, site });
  }

  async *list({ sites: wanted, after, since }: JobRange): AsyncIterable<EnforcementJob> {
    const sites = wanted === 'every' ? await Array.fromAsync(this.listSites()) : [...wanted];
    // The newest of each site are read before any is given out: few each where sites are many.
    const pageSize = Math.max(LEAST_LIST_PAGE, Math.floor((2 * LIST_PAGE) / Math.max(1, sites.length)));
    const lists = sites.map((one) =>
      this.#listSite(jobsFilter(one, after, since), Math.min(LIST_PAGE, pageSize))[Symbol.asyncIterator](),
    );
    const heads = await concurrently(lists, READ_CONCURRENCY, async (list) => ({ list, next: await list.next() }));
    while (true) {
      let newest: (typeof heads)[number] | undefined;
      for (const head of heads) {
        if (!head.next.done && (newest?.next.done !== false || head.next.value.id < newest.next.value.id))
          newest = head;
      }
      if (newest?.next.done !== false) return;
      yield newest.next.value;
      newest.next = await newest.list.next();
    }
  }

  async *listSites(): AsyncIterable<string> {
    yield* await this.#sites.list();
  }

  async removeFinished(site: string, before: Instant, { signal }: CallOptions = {}): Promise<number> {
    // The time in a job's id is that of its beginning.
    const queryOptions = { filter: olderJobsFilter(site, before) };
    const pages = this.#jobs.listEntities<JobEntity>({ queryOptions }).byPage({ maxPageSize: LIST_PAGE });
    let removed = 0;
    for await (const page of storePages('listing finished jobs', pages)) {
      if (signal?.aborted) break;
      const finished = page.filter((row) => this.#readable(row, site).some((job) => endedBefore(job, before)));
      await concurrently(finished, READ_CONCURRENCY, async (row) => {
        if (!signal?.aborted && (await this.#remove(row))) removed += 1;
      });
    }
    return removed;
  }

  /** @returns false when the row was written since it was listed, or is gone */
  #remove({ partitionKey = '', rowKey = '', etag }: TableEntityResult<JobEntity>): Promise<boolean> {
    return unlessOvertaken('removing a finished job', this.#jobs.deleteEntity(partitionKey, rowKey, { etag }));
  }

  async *#listSite(filter: string, maxPageSize: number): AsyncGenerator<EnforcementJob, undefined> {
    const pages = this.#jobs.listEntities<JobEntity>({ queryOptions: { filter } }).byPage({ maxPageSize });
    for await (const page of storePages('listing jobs', pages)) {
      yield* page.flatMap((row) => this.#readable(row, row.partitionKey ?? ''));
    }
    return undefined;
  }

  /** @returns nothing for a row that something else wrote */
  #readable(row: TableEntityResult<JobEntity>, site: string): EnforcementJob[] {
    try {
      return [fromEntity(row).job];
    } catch (thrown) {
      if (!(thrown instanceof StoreError)) throw thrown;
      this.#report(thrown, site);
      return [];
    }
  }

  async #takeOut(job: EnforcementJob): Promise<void> {
    const { partitionKey, rowKey } = outboxRow(job);
    await this.#removeOutboxRow(partitionKey, rowKey);
  }

  async #removeOutboxRow(partitionKey: string, rowKey: string): Promise<void> {
    await unlessGone('emptying the outbox', this.#outbox.deleteEntity(partitionKey, rowKey));
  }
}

function endedBefore(job: EnforcementJob, before: Instant): boolean {
  return isFinal(job) && (job.steps.at(-1)?.at ?? job.decidedAt) < before;
}

/**
 * Columns beside the JSON are for people and filters. `told` is what rows of every version call `answered`: an instance
 * of the version before reads them, too.
 */
function toEntity(job: EnforcementJob) {
  const { stage, attempt, sessionId, decidedAt, reason } = job;
  const { answered: told, ...rest } = job;
  return { ...jobRow(job), job: JSON.stringify({ ...rest, told }), stage, attempt, sessionId, decidedAt, reason };
}

/** @throws StoreError NAC_STORE_ROW when something else wrote the row */
function fromEntity({ job: text, etag, partitionKey = '', rowKey = '' }: TableEntityResult<JobEntity>): StoredJob {
  const row = parsed(text);
  if (!isStoredJob(row)) throw damaged('jobs', partitionKey, rowKey);
  const { told: answered, ...job } = row;
  return { job: { ...job, answered }, etag };
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

function damaged(table: 'jobs' | 'outbox', partitionKey: string, rowKey: string): StoreError {
  return new StoreError('NAC_STORE_ROW', `A row of the table ${table} was not written by this product.`, {
    action: `Look at the row ${partitionKey} / ${rowKey} of the table ${table}, and delete it; nothing waits for it.`,
  });
}
