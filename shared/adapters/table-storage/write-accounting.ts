// Writes what accounting knows of a session into its row, under the etag that it was read with.

import type { TableClient, TransactionAction } from '@azure/data-tables';
import { addMilliseconds } from '../../domain/instant.ts';
import type { Answer, AnsweredSession, Session } from '../../domain/session/session.ts';
import type { SessionAccounting } from '../../domain/session/session-accounting.ts';
import { REPEATED_UNWRITTEN_MS } from '../../domain/session/session-life.ts';
import { StoreError } from '../../errors.ts';
import type { AccountingWrite } from '../../ports/session-store.ts';
import { hasManyTraces } from './answer-traces.ts';
import type { NasRestarts } from './nas-restarts.ts';
import { sessionRow } from './row-keys.ts';
import {
  answerColumns,
  fromSessionEntity,
  removableAfter,
  type SessionRow,
  toCarriedColumn,
  toSessionEntity,
  unreadableSession,
  withoutOldAnswers,
} from './session-entity.ts';
import { isConflict, isNotFound, isRefusedForGood, toStoreError } from './store-errors.ts';
import { ANSWERS_KEPT, waysTo, writable } from './write-answer.ts';

/** Attempts under contention; each lost one means that another writer got through. */
const ATTEMPTS = 10;

/** @throws StoreError NAC_STORE_ROW when the row holds no session, or would take nothing more */
export async function writeAccounting(
  table: TableClient,
  restarts: NasRestarts,
  sessionId: string,
  edit: (session: Session) => SessionAccounting | undefined,
  { signal, carried }: AccountingWrite,
): Promise<boolean> {
  const options = signal ? { abortSignal: signal } : {};
  const { partitionKey, rowKey } = sessionRow(sessionId);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const row = await table.getEntity<SessionRow>(partitionKey, rowKey, options);
      const known = fromSessionEntity(sessionId, row);
      const first = edit(known);
      const session = mayHaveLostItsNas(known, first) ? await restarts.applyTo(known, signal ? { signal } : {}) : known;
      const accounting = session === known ? first : edit(session);
      if (accounting === undefined) return false;
      const columns = { ...accountingColumns(accounting, session), ...(carried && toCarriedColumn(carried)) };
      const hasOld = answerColumns(row).length > ANSWERS_KEPT || hasManyTraces(row);
      const { etag } = row;
      // Merging leaves what is not named; only a row that is replaced loses old answers.
      const entity = hasOld ? replaced(row, columns) : { partitionKey, rowKey, ...columns };
      const mode = hasOld ? 'Replace' : 'Merge';
      if (carried === undefined) await table.updateEntity(entity, mode, { etag, ...options });
      else await table.submitTransaction([['update', entity, mode, { etag }], ...waysOf(known, carried)], options);
      return true;
    } catch (thrown) {
      if (isNotFound(thrown)) return false;
      if (isRefusedForGood(thrown)) throw unreadableSession(sessionId, thrown);
      if (!isConflict(thrown)) throw toStoreError('writing the accounting of a session', thrown);
    }
  }
  throw new StoreError('NAC_STORE_CONFLICT', `Too many writers at once on session ${sessionId}.`, {
    action: 'Deliver the accounting record again; it does no harm twice.',
  });
}

/** A change of the device that a carried answer rests on leads to the session at which it is carried. */
function waysOf({ id, site }: Session, carried: Answer): TransactionAction[] {
  return waysTo({ ...carried, id, site });
}

/** Restarts take a query: a station that came just now, and a record that says nothing new, do without. */
function mayHaveLostItsNas({ answers, accounting }: Session, next: SessionAccounting | undefined): boolean {
  if (accounting?.earlier !== undefined) return true;
  if (next === undefined) return false;
  const answeredAt = answers[0]?.decision.decidedAt ?? '';
  return accounting !== undefined || addMilliseconds(answeredAt, REPEATED_UNWRITTEN_MS) < (next.receivedAt ?? next.at);
}

/**
 * A session that is created with what accounting says; its answer's decision is kept under the session it was made for.
 */
export function openedSession(session: AnsweredSession, accounting: SessionAccounting): TransactionAction[] {
  const columns = accountingColumns(accounting, { answers: [session] });
  return [['create', { ...toSessionEntity(session), ...columns }], ...waysTo(session)];
}

function accountingColumns(accounting: SessionAccounting, { answers }: Pick<Session, 'answers'>): SessionRow {
  const accountedAt = accounting.receivedAt ?? accounting.at;
  return { accounting: JSON.stringify(accounting), accountedAt, overAt: removableAfter(answers, accountedAt) };
}

function replaced(row: SessionRow, columns: SessionRow) {
  return { ...writable(withoutOldAnswers(row, ANSWERS_KEPT)), ...columns };
}
