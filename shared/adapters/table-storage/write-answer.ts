// Writes an answer: the session's row, what leads to it, and the decision in its own right, in one transaction and
// without reading anything before.

import type { TableClient, TransactionAction } from '@azure/data-tables';
import type { Instant } from '../../domain/instant.ts';
import { devicesBehind, identitiesBehind } from '../../domain/session/presented-devices.ts';
import type { Answer, AnsweredSession } from '../../domain/session/session.ts';
import type { CallOptions } from '../../ports/call-options.ts';
import type { SessionWays } from '../../ports/session-store.ts';
import { decisionActions } from './decision-rows.ts';
import {
  type RowKey,
  sessionOfAccountingIdRow,
  sessionOfDeviceRow,
  sessionOfIdentityRow,
  sessionRow,
  sessionWithoutRecordRow,
} from './row-keys.ts';
import { basisOf, type SessionRow, toSessionEntity, withoutOldAnswers } from './session-entity.ts';
import { isConflict, isNotFound, isTooLarge, storeCall, toStoreError } from './store-errors.ts';

/** Answers that a row keeps when it gets too many: far more than one station's credentials that are in use. */
export const ANSWERS_KEPT = 8;

const ATTEMPTS = 3;

export async function writeAnswer(
  table: TableClient,
  session: AnsweredSession,
  { signal, column, writer }: CallOptions & { readonly column?: string; readonly writer?: string },
): Promise<void> {
  const options = signal ? { abortSignal: signal } : {};
  // Merge: what accounting knows of the session stays, and so do the answers for other credentials.
  const entity = toSessionEntity(session, { column, writer });
  const actions: TransactionAction[] = [['upsert', entity, 'Merge'], ...waysTo(session), ...decisionActions(session)];
  try {
    await table.submitTransaction(actions, options);
  } catch (thrown) {
    if (!isTooLarge(thrown)) throw toStoreError('writing a session', thrown);
    // A station with hundreds of credentials, a lab's or a kiosk's: the oldest answers make room.
    await makeRoom(table, session.id, options);
    await storeCall('writing a session', table.submitTransaction(actions, options));
  }
}

/** Rows by which a session is found. */
export function waysTo(session: AnsweredSession): TransactionAction[] {
  const { id, site, decision } = session;
  const ways = waysOfAnswer(id, site, session);
  if (basisOf(decision.device) !== 'record') ways.push(sessionWithoutRecordRow(id, decision.decidedAt));
  return ways.map((way) => ['upsert', { ...way, sessionId: id, decidedAt: decision.decidedAt }, 'Replace']);
}

/**
 * Ways that stay as long as the session has the answer: by device, by an identity without one, by a name of accounting.
 */
export function waysOfAnswer(id: string, site: string, answer: Answer): RowKey[] {
  return [
    ...devicesBehind(answer).map((device) => sessionOfDeviceRow(device, id)),
    ...identitiesBehind(answer).map((identity) => sessionOfIdentityRow(identity, id)),
    ...[...accountingIds(answer)].map((name) => sessionOfAccountingIdRow(id.charAt(0), site, name)),
  ];
}

/** The session's answer rests on others by now, though it says the same. */
export async function writeWays(
  table: TableClient,
  sessionId: string,
  { devices, identities }: SessionWays,
  at: Instant,
  { signal }: CallOptions,
): Promise<void> {
  const options = signal ? { abortSignal: signal } : {};
  const rows = [
    ...devices.map((device) => sessionOfDeviceRow(device, sessionId)),
    ...identities.map((identity) => sessionOfIdentityRow(identity, sessionId)),
  ];
  for (const row of rows) {
    await storeCall('noting a way', table.upsertEntity({ ...row, sessionId, decidedAt: at }, 'Replace', options));
  }
}

/** Each name once: a transaction may not write a row twice. */
function accountingIds({ auditSessionId, acctMultiSessionId }: Answer): Set<string> {
  return new Set([auditSessionId, acctMultiSessionId].filter((id) => id !== undefined));
}

export async function makeRoom(table: TableClient, sessionId: string, options: object): Promise<void> {
  const { partitionKey, rowKey } = sessionRow(sessionId);
  for (let attempt = 1; ; attempt++) {
    try {
      const row = await table.getEntity<SessionRow>(partitionKey, rowKey, options);
      const { etag, ...columns } = row;
      await table.updateEntity(writable(withoutOldAnswers(columns, ANSWERS_KEPT)), 'Replace', { etag, ...options });
      return;
    } catch (thrown) {
      if (isNotFound(thrown)) return;
      if (!isConflict(thrown) || attempt === ATTEMPTS) throw toStoreError('writing a session', thrown);
    }
  }
}

/** A row as it was read, as one to be written: without what the service adds. */
export function writable(row: SessionRow): { partitionKey: string; rowKey: string } & SessionRow {
  const { etag, timestamp, ...columns } = row;
  const own = Object.entries(columns).filter(([column]) => !column.startsWith('odata.'));
  return Object.fromEntries(own) as { partitionKey: string; rowKey: string };
}
