// Keeps the queues in an SQLite database that survives the process being killed at any moment.
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { CommitQueue } from './commit-queue.ts';
import { encodeMessage, type MessageContent, parseMessage } from './message-content.ts';
import type { MessageStore, StoredMessage, StoredQueue } from './message-store.ts';

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE message (
    queue TEXT NOT NULL,
    sequence_number INTEGER NOT NULL,
    content BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    locked INTEGER NOT NULL,
    enqueued_at INTEGER NOT NULL,
    expires_at INTEGER,
    scheduled_for INTEGER,
    PRIMARY KEY (queue, sequence_number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE session_state (
    queue TEXT NOT NULL, session_id TEXT NOT NULL, state BLOB NOT NULL, PRIMARY KEY (queue, session_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE message_id (
    queue TEXT NOT NULL, message_id TEXT NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (queue, message_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE last_sequence_number (
    queue TEXT PRIMARY KEY, sequence_number INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${SCHEMA_VERSION};`;

const NO_ANNOTATIONS: ReadonlyMap<string, Buffer> = new Map();

export class SqliteStore implements MessageStore {
  readonly #database: DatabaseSync;
  readonly #commits: CommitQueue;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #inTransaction = false;

  /** Throws where another process has the file open. */
  constructor(file: string) {
    this.#database = openExclusively(file);
    this.#statements = prepareStatements(this.#database);
    this.#commits = new CommitQueue(() => this.#commit());
  }

  load(queue: string): StoredQueue {
    const { messages, sessionStates, messageIds, lastSequenceNumber } = this.#statements;
    return {
      messages: messages.all(queue).map(storedMessage),
      sessionStates: new Map(sessionStates.all(queue).map((row) => [textIn(row['session_id']), blobIn(row['state'])])),
      messageIds: new Map(messageIds.all(queue).map((row) => [textIn(row['message_id']), numberIn(row['time'])])),
      lastSequenceNumber: numberIn(lastSequenceNumber.get(queue)?.['sequence_number'] ?? 0),
    };
  }

  insert(queue: string, message: StoredMessage): void {
    this.#begin();
    const { sequenceNumber, content, attempts, locked, enqueuedAt, expiresAt, scheduledFor } = message;
    this.#statements.insert.run(
      queue,
      sequenceNumber,
      contentBytes(content),
      attempts,
      Number(locked),
      enqueuedAt,
      Number.isFinite(expiresAt) ? expiresAt : null,
      scheduledFor ?? null,
    );
    this.#statements.count.run(queue, sequenceNumber);
  }

  update(queue: string, message: StoredMessage, contentChanged = false): void {
    this.#begin();
    const { sequenceNumber, content, attempts, locked } = message;
    const bytes = contentChanged ? contentBytes(content) : null;
    this.#statements.update.run(attempts, Number(locked), bytes, queue, sequenceNumber);
  }

  delete(queue: string, sequenceNumber: number): void {
    this.#begin();
    this.#statements.delete.run(queue, sequenceNumber);
  }

  saveSessionState(queue: string, sessionId: string, state: Buffer | null): void {
    this.#begin();
    if (state === null) this.#statements.deleteSessionState.run(queue, sessionId);
    else this.#statements.saveSessionState.run(queue, sessionId, state);
  }

  rememberMessageId(queue: string, messageId: string, time: number): void {
    this.#begin();
    this.#statements.rememberMessageId.run(queue, messageId, time);
  }

  forgetMessageId(queue: string, messageId: string): void {
    this.#begin();
    this.#statements.forgetMessageId.run(queue, messageId);
  }

  afterCommit(action: () => void): void {
    this.#commits.afterCommit(action);
  }

  close(): void {
    // What waits for a commit may change something itself.
    do this.#commits.flush();
    while (this.#inTransaction);
    this.#database.close();
  }

  #begin(): void {
    if (this.#inTransaction) return;
    this.#database.exec('BEGIN');
    this.#inTransaction = true;
    this.#commits.plan();
  }

  #commit(): void {
    if (!this.#inTransaction) return;
    this.#database.exec('COMMIT');
    this.#inTransaction = false;
  }
}

function openExclusively(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    // The lock ends with the process, however it ends. synchronous=NORMAL: what is committed survives the death of the
    // process, not that of the machine.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    database.exec('BEGIN EXCLUSIVE; COMMIT;');
    const version = numberIn(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version === 0) database.exec(`BEGIN; ${SCHEMA} COMMIT;`);
    else if (version !== SCHEMA_VERSION) throw new Error(`${file} is of another version of the broker (${version}).`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepareStatements(database: DatabaseSync) {
  return {
    messages: database.prepare('SELECT * FROM message WHERE queue = ? ORDER BY sequence_number'),
    sessionStates: database.prepare('SELECT session_id, state FROM session_state WHERE queue = ?'),
    messageIds: database.prepare('SELECT message_id, time FROM message_id WHERE queue = ? ORDER BY time'),
    lastSequenceNumber: database.prepare('SELECT sequence_number FROM last_sequence_number WHERE queue = ?'),
    insert: database.prepare('INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    // Numbers never come twice, not even after the newest message is gone.
    count: database.prepare(
      `INSERT INTO last_sequence_number VALUES (?, ?)
       ON CONFLICT (queue) DO UPDATE SET sequence_number = max(sequence_number, excluded.sequence_number)`,
    ),
    update: database.prepare(
      'UPDATE message SET attempts = ?, locked = ?, content = coalesce(?, content) WHERE queue = ? AND sequence_number = ?',
    ),
    delete: database.prepare('DELETE FROM message WHERE queue = ? AND sequence_number = ?'),
    saveSessionState: database.prepare('INSERT OR REPLACE INTO session_state VALUES (?, ?, ?)'),
    deleteSessionState: database.prepare('DELETE FROM session_state WHERE queue = ? AND session_id = ?'),
    rememberMessageId: database.prepare('INSERT OR REPLACE INTO message_id VALUES (?, ?, ?)'),
    forgetMessageId: database.prepare('DELETE FROM message_id WHERE queue = ? AND message_id = ?'),
  };
}

/** As the sender wrote it: what the broker adds on delivery has columns of its own. */
function contentBytes(content: MessageContent): Buffer {
  return encodeMessage(content, 0, NO_ANNOTATIONS);
}

function storedMessage(row: Record<string, SQLOutputValue>): StoredMessage {
  const { expires_at: expiresAt = null, scheduled_for: scheduledFor = null } = row;
  return {
    sequenceNumber: numberIn(row['sequence_number']),
    content: parseMessage(blobIn(row['content'])),
    attempts: numberIn(row['attempts']),
    locked: row['locked'] === 1,
    enqueuedAt: numberIn(row['enqueued_at']),
    expiresAt: expiresAt === null ? Number.POSITIVE_INFINITY : numberIn(expiresAt),
    scheduledFor: scheduledFor === null ? undefined : numberIn(scheduledFor),
  };
}

function numberIn(value: SQLOutputValue | undefined): number {
  if (typeof value === 'number') return value;
  throw new Error('The database of the broker is damaged: a number is missing.');
}

function textIn(value: SQLOutputValue | undefined): string {
  if (typeof value === 'string') return value;
  throw new Error('The database of the broker is damaged: a text is missing.');
}

function blobIn(value: SQLOutputValue | undefined): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new Error('The database of the broker is damaged: a blob is missing.');
}
