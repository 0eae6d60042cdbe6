// Compares one session with policy. A row that something else wrote is reported and passed over.

import type { Session } from '../domain/session/session.ts';
import { StoreError } from '../errors.ts';
import { compareSession, type DecideJobsDeps } from './decide-jobs.ts';
import type { OpenJobs } from './open-jobs.ts';

export type ComparisonResult = 'decided' | 'nothing' | 'unreadable';

/** @param session or its id, to be read first */
export async function compareSafely(
  deps: DecideJobsDeps,
  session: Session | string,
  open: OpenJobs,
): Promise<ComparisonResult> {
  const id = typeof session === 'string' ? session : session.id;
  try {
    const read = typeof session === 'string' ? await deps.sessions.read(session) : session;
    if (read === undefined) return 'nothing';
    return (await compareSession(deps, read, open.get(read.id) ?? [])) ? 'decided' : 'nothing';
  } catch (thrown) {
    if (!(thrown instanceof StoreError) || thrown.code !== 'NAC_STORE_ROW') throw thrown;
    const { code, message, action } = thrown;
    deps.log.error('enforcement.row-unreadable', { code, message, action, session: id });
    return 'unreadable';
  }
}
