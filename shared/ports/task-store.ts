// Where a background task stands, lease included: one row a task, under its etag.

export interface TaskStore {
  read<State>(task: string): Promise<{ readonly state?: State; readonly etag?: string }>;
  /** @throws StoreError NAC_POLL_LEASE_LOST when another instance wrote since `etag` */
  write<State>(task: string, state: State, etag: string | undefined): Promise<string>;
}
