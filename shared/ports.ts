// What the flows need from outside. Adapters implement these; app.ts plugs them together.

import type { SessionAccounting } from './domain/accounting.ts';
import type { Client } from './domain/client.ts';
import type { CoaJob } from './domain/coa-job.ts';
import type { Device, DeviceKey, DeviceRecord } from './domain/device.ts';
import type { DeviceChange } from './domain/device-change.ts';
import type { EnforcementJob } from './domain/enforcement-job.ts';
import type { Identity } from './domain/identity.ts';
import type { Instant } from './domain/instant.ts';
import type { MacAddress } from './domain/mac-address.ts';
import type { Policy } from './domain/policy.ts';
import type { PolicyState } from './domain/policy-activation.ts';
import type { Session } from './domain/session.ts';
import type { SourceError } from './errors.ts';

export interface Clock {
  now(): Date;
  /** A signal that aborts after so many milliseconds. */
  deadline(milliseconds: number): AbortSignal;
  /** Work with a deadline that is forgotten when the work is over: what is done often must not leave timers behind. */
  within<T>(milliseconds: number, work: (deadline: AbortSignal) => Promise<T>): Promise<T>;
}

/** One structured line per call. Station addresses and user names pass through {@link Privacy} first. */
export interface Logger {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** Shows station addresses and user names in logs only as far as the operator allows. */
export interface Privacy {
  mac(mac: string | undefined): string | undefined;
  userName(userName: string | undefined): string | undefined;
}

export interface Metrics {
  count(name: string, by?: number): void;
}

/** Randomness as a parameter. */
export interface Random {
  /** A number from 0 (included) to 1 (excluded). */
  fraction(): number;
  /** That many random bytes as lower-case hexadecimal digits. */
  hex(bytes: number): string;
}

/** Ends what has taken too long. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Ask the store itself, even where memory has an answer that is young enough otherwise. */
  readonly fresh?: boolean;
}

// ---- where compliance comes from ------------------------------------------------------------------------------------

export interface ComplianceSource {
  /** First part of every device key from this source, e.g. `intune`. */
  readonly name: string;
  /**
   * One page of all devices, the first one without cursor.
   * @throws SourceError when the source does not answer as it should; the same cursor may be asked again
   */
  listDevices(cursor: string | undefined): Promise<ListPage>;
}

/** What an MDM source can be asked besides its whole list. */
export interface DeviceReader {
  /** One page of the devices that checked in after `since`, first page without cursor. @throws SourceError */
  listCheckedInSince(since: Instant, cursor: string | undefined): Promise<CheckedInPage>;
  /** Point reads, all at once as far as the source lets them. One that fails does not spoil the others. @throws SourceError */
  readDevices(ids: readonly string[]): Promise<readonly DeviceReading[]>;
  /** What lists leave out (Ethernet MAC, UDID), for up to 20 devices a call. @throws SourceError */
  readHardware(ids: readonly string[]): Promise<readonly HardwareReading[]>;
}

export interface CheckedInPage {
  /** When the request was started: how old the content may be at most. */
  readonly requestedAt: Instant;
  /** Whatever could be understood: nothing is concluded from the rest. */
  readonly devices: readonly Device[];
  /** False when the page holds devices the filter should have kept out: the source ignored it, nothing may be concluded. */
  readonly filtered: boolean;
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** What a point read said of one device. */
export type DeviceReading = { readonly id: string; readonly requestedAt: Instant } & (
  | { readonly kind: 'found'; readonly device: Device; readonly problems: readonly RecordProblem[] }
  /** The source knows no such device: a proof of absence. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly error: SourceError }
);

export type HardwareReading = { readonly id: string; readonly requestedAt: Instant } & (
  | { readonly kind: 'found'; readonly ethernetMac?: MacAddress; readonly udid?: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly error: SourceError }
);

/** Entra's device changes (`/devices/delta`): a hint which devices to read again, never a verdict. */
export interface DirectoryChanges {
  /**
   * @param link absent for "everything from now on"; else the next or delta link of the page before, as it was given
   * @throws SourceError NAC_INTUNE_DELTA_EXPIRED when the link is too old: read everything once, then begin anew
   */
  read(link: string | undefined): Promise<DirectoryChangesPage>;
}

export interface DirectoryChangesPage {
  readonly requestedAt: Instant;
  readonly changes: readonly DirectoryChange[];
  /** More pages follow now. */
  readonly nextLink?: string;
  /** Where to go on next time. */
  readonly deltaLink?: string;
}

export interface DirectoryChange {
  /** Directory object id, the only one a removed object still has. */
  readonly objectId: string;
  /** `deviceId`, which Intune calls azureADDeviceId. */
  readonly entraDeviceId?: string;
  readonly isCompliant?: boolean;
  readonly isManaged?: boolean;
  readonly removed: boolean;
}

/** Intune's Compliance Retrieval service (NAC 2.0): little, but with the least permission. */
export interface ComplianceRetrieval {
  readByDeviceId(id: string, options?: CallOptions): Promise<RetrievedCompliance>;
  readByMac(mac: MacAddress, options?: CallOptions): Promise<RetrievedCompliance>;
  /**
   * Every device it calls not compliant, all its pages. Never more often than every four hours: the caller keeps the time.
   * @throws SourceError NAC_INTUNE_THROTTLED when asked sooner
   */
  listNoncompliant(): Promise<NoncompliantList>;
}

export interface RetrievedCompliance {
  readonly requestedAt: Instant;
  /** Absent when the service knows no such device, or does not manage it. */
  readonly device?: RetrievedDevice;
}

export interface NoncompliantList {
  readonly requestedAt: Instant;
  readonly devices: readonly RetrievedDevice[];
  readonly problems: readonly RecordProblem[];
}

export interface RetrievedDevice {
  /** Intune device id; a list asked for by MAC may leave it out. */
  readonly id?: string;
  readonly mac?: MacAddress;
  /** Absent when the answer holds no verdict. */
  readonly compliant?: boolean;
}

/** A page of the list. Its records are not read yet: nearly all of them say what they said last time. */
export interface ListPage {
  /** When the request was started: how old the content may be at most. */
  readonly requestedAt: Instant;
  readonly records: readonly ListedRecord[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

export interface ListedRecord {
  /** Absent when not even the id can be read. */
  readonly key: DeviceKey | undefined;
  /**
   * Ten hexadecimal digits. A record with the same ones reads the same, but for the time of its check-in on the same day:
   * that moves every few hours on every device, and storing each move would rewrite the fleet for nothing.
   */
  readonly fingerprint: string;
  /** Then it means something else as time goes by, even if it says the same. */
  readonly inGracePeriod: boolean;
  read(): RecordReading;
}

/** What a source's record says of its device, as far as it makes sense. */
export interface RecordReading {
  /** Absent when the record as a whole cannot be trusted; what was stored of the device before then stays. */
  readonly device?: Device;
  readonly problems: readonly RecordProblem[];
}

export interface RecordProblem {
  /** Absent when not even the id could be read. */
  readonly id?: string;
  /** The source's own name of the field. */
  readonly field: string;
  readonly problem: string;
}

// ---- devices --------------------------------------------------------------------------------------------------------

export interface StoredDevice extends DeviceRecord {
  /** Identities that earlier content held and whose pointers are not taken away yet. */
  readonly retiredIdentities: readonly Identity[];
  /** When an operator last asked for its stations to authenticate again; a later write of the record forgets it. */
  readonly reauthenticationAskedAt?: Instant;
  /** Changes with every write; a write that names an old one is refused. */
  readonly etag: string;
}

export interface DeviceWrite {
  readonly record: DeviceRecord;
  readonly retiredIdentities: readonly Identity[];
  /** Written in the same transaction as the record. */
  readonly change?: DeviceChange;
  /** Written in the same transaction: has every sweep look at the record. Absent leaves the mark that is there. */
  readonly mark?: 'held' | 'doubt';
  /** What the record replaces; absent when it must be new. */
  readonly replaces?: string;
}

export interface DeviceWriteResult {
  readonly written: readonly { readonly of: DeviceWrite; readonly etag: string }[];
  /** Writes that came too late: somebody else wrote the record since it was read. Nothing of them is stored. */
  readonly overtaken: readonly DeviceWrite[];
}

export interface DeviceStore {
  read(key: DeviceKey, options?: CallOptions): Promise<StoredDevice | undefined>;
  readMany(keys: readonly DeviceKey[]): Promise<Map<string, StoredDevice>>;
  /** Writes each record with its change or not at all. */
  write(writes: readonly DeviceWrite[]): Promise<DeviceWriteResult>;
  /** Says that all pointers of these records are in place, unless the content has moved on from `etag` since. */
  markIndexed(devices: readonly { readonly key: DeviceKey; readonly etag: string }[]): Promise<void>;
  /** No device is stored at all. */
  isEmpty(): Promise<boolean>;
  /** Notes that an operator asks for the device's stations to authenticate again. Its version and content stay. */
  noteReauthentication(key: DeviceKey, at: Instant): Promise<void>;
  /** Keys of every device in a shard (first digit of the device hash), present or gone. */
  listKeys(shard: string): AsyncIterable<DeviceKey>;
  /** Records of a shard in the order of their keys, at most a thousand, beginning behind `after`. */
  listRecords(
    shard: string,
    after: DeviceKey | undefined,
  ): Promise<{ readonly records: readonly StoredDevice[]; readonly more: boolean }>;
  /** Changes not yet dispatched, per device oldest first. */
  pendingChanges(): AsyncIterable<DeviceChange>;
  removeChanges(changes: readonly DeviceChange[]): Promise<void>;
  /** Devices whose records must be looked at whatever their fingerprint says. */
  marks(): AsyncIterable<DeviceMark>;
  /** Marks devices as doubtful, unless they are marked already. */
  addMarks(keys: readonly DeviceKey[]): Promise<void>;
  /** Takes marks away, those left out that were set anew since they were read. */
  removeMarks(marks: readonly DeviceMark[]): Promise<void>;
}

export interface DeviceMark extends DeviceKey {
  /** Present while the record has a held observation. */
  readonly held?: { readonly runId: string; readonly what: 'flip' | 'absence' };
  readonly etag: string;
}

/** Pointers from identities to the devices that hold them. */
export interface IdentityStore {
  readHolders(identity: Identity, options?: CallOptions): Promise<IdentityHolders>;
  addHolders(entries: readonly IdentityHolder[]): Promise<void>;
  removeHolders(entries: readonly IdentityHolder[]): Promise<void>;
}

export interface IdentityHolders {
  /** Keys (as text) of the devices that may hold the identity; whether they still do, their records say. */
  readonly devices: readonly string[];
  /** There have been more than are listed: nobody can be recognised by this identity. */
  readonly more: boolean;
}

export interface IdentityHolder {
  readonly identity: Identity;
  readonly device: DeviceKey;
}

// ---- polling --------------------------------------------------------------------------------------------------------

/** Where the sweep stands and who works on it: checkpoint and lease in one row, so that one write renews both. */
export interface SweepState {
  /** Who works on it now; absent when nobody does. */
  readonly owner?: string;
  readonly leaseUntil?: Instant;
  /** Grows by one with every run; marks in the fleet index refer to it. */
  readonly runNumber: number;
  /** The run under way, if any. */
  readonly run?: SweepRun;
  readonly lastStartedAt?: Instant;
  /** How many times the polling interval lies between runs now; more than 1 after the source asked us to slow down. */
  readonly stretch?: number;
  /** The newest run that saw the whole list. */
  readonly lastComplete?: { readonly runId: string; readonly startedAt: Instant; readonly devices: number };
}

export interface SweepRun {
  readonly id: string;
  readonly startedAt: Instant;
  /** Where the next slice goes on; absent for the first page. */
  readonly cursor?: string;
  readonly slices: number;
  readonly pages: number;
  readonly devices: number;
  readonly saved: number;
  readonly rejected: number;
  /** False once a record came without a readable id: then no absence can be concluded. */
  readonly countsAbsences: boolean;
  /** Failed attempts in a row, and when the next one may be made. */
  readonly failures: number;
  readonly retryAt?: Instant;
  /** Answers that asked us to slow down. */
  readonly throttled?: number;
  /** The store was empty when the run began: what the index does not know is most likely new. */
  readonly firstLoad?: boolean;
}

export interface SweepRunRecord extends Omit<SweepRun, 'cursor' | 'retryAt'> {
  /**
   * `partial`: every page was read, but no absence was concluded, since some record had no readable id or the list proved
   * short. `failed`: given up before the last page.
   */
  readonly result: 'complete' | 'partial' | 'failed';
  readonly finishedAt: Instant;
  readonly gone: number;
  /** Devices whose compliance turned, held ones not counted. */
  readonly turned: number;
  /** Devices that would have turned or gone, and are held instead. */
  readonly held: number;
  /** How many times the polling interval lies between this run and the next. */
  readonly stretch: number;
}

export interface SweepStore {
  read(options?: CallOptions): Promise<{ readonly state: SweepState; readonly etag?: string }>;
  /** @throws StoreError NAC_POLL_LEASE_LOST when another instance wrote since `etag` */
  write(state: SweepState, etag: string | undefined): Promise<string>;
  recordRun(record: SweepRunRecord): Promise<void>;
  /** Newest first. */
  listRuns(limit: number): Promise<SweepRunRecord[]>;
  readFleetShard(shard: string): Promise<{ readonly packed: Uint8Array; readonly etag?: string | undefined }>;
  /** @throws StoreError NAC_POLL_LEASE_LOST when another instance wrote since `etag` */
  writeFleetShard(shard: string, packed: Uint8Array, etag: string | undefined): Promise<string>;
}

/** Where a background task stands, lease included: one row a task, under its etag. */
export interface TaskStore {
  read<State>(task: string): Promise<{ readonly state?: State; readonly etag?: string }>;
  /** @throws StoreError NAC_POLL_LEASE_LOST when another instance wrote since `etag` */
  write<State>(task: string, state: State, etag: string | undefined): Promise<string>;
}

/** Told of every change at least once; a change is removed only after this resolved. */
export type ChangeListener = (change: DeviceChange) => Promise<void>;

// ---- lookup ---------------------------------------------------------------------------------------------------------

export interface SessionStore {
  /** Keeps the session with its latest decision, and the decision in its own right, in one write; accounting stays. */
  writeDecision(session: Session, options?: CallOptions): Promise<void>;
  /**
   * Changes what accounting knows of a session, as often as it takes under contention.
   * @param edit gets the session and gives its accounting from now on, or `undefined` to leave it
   * @returns false when there is no such session, or `edit` left it
   */
  updateAccounting(
    sessionId: string,
    edit: (session: Session) => SessionAccounting | undefined,
    options?: CallOptions,
  ): Promise<boolean>;
  read(sessionId: string, options?: CallOptions): Promise<Session | undefined>;
  /** Id of the site's session that a NAS knows by one of these names (audit-session-id, Acct-Multi-Session-Id). */
  findByAccountingIds(
    site: string,
    accountingIds: readonly string[],
    options?: CallOptions,
  ): Promise<string | undefined>;
  /** Sessions whose latest decision rests on the device. */
  listByDevice(key: DeviceKey): Promise<Session[]>;
  /** Every session, over or not, in the order of their ids. */
  listAll(): AsyncIterable<Session>;
  /** Sessions whose latest decision, made since then, rests on no stored record: on Intune's own word, or on nothing. */
  listWithoutRecord(since: Instant): AsyncIterable<Session>;
  /**
   * Removes sessions of a shard (first digit of the id) that have shown no sign of life since `before`, so many at most,
   * and what leads to sessions that are not there any more.
   * @returns how many sessions
   */
  removeSilent(shard: string, before: Instant, limit: number): Promise<number>;
}

/** Decisions that were made, for as long as they are kept. {@link SessionStore.writeDecision} writes them. */
export interface DecisionStore {
  /** One row, found by the id alone. */
  read(id: string, options?: CallOptions): Promise<DecisionRecord | undefined>;
  /** Newest first. @throws StoreError NAC_STORE_TIMEOUT when the signal ends it first */
  list(query: DecisionQuery, options?: CallOptions): Promise<DecisionPage>;
  /** Removes decisions made before that time, so many and some more at most. @returns how many */
  removeBefore(before: Instant, limit: number): Promise<number>;
}

/** The session as it was when the decision was made. */
export type DecisionRecord = Omit<Session, 'accounting'>;

export interface DecisionQuery extends DecisionRange {
  readonly filter: DecisionFilter;
  readonly limit: number;
}

export interface DecisionRange {
  readonly since?: Instant;
  readonly until?: Instant;
  /** Only those older than the last one of the page before. */
  readonly after?: string;
}

export interface DecisionFilter {
  readonly site?: string;
  readonly sessionId?: string;
  readonly mac?: string;
  readonly userName?: string;
  readonly device?: DeviceKey;
  readonly verdict?: string;
  readonly role?: string;
  readonly rule?: string;
  readonly policyVersion?: string;
  readonly standing?: string;
  readonly observed?: boolean;
  readonly waiting?: boolean;
}

export interface DecisionPage {
  readonly decisions: readonly DecisionRecord[];
  /** Give it as `after` to go on; absent after the oldest. */
  readonly next?: string;
}

/** The policy that answers are made by. */
export interface PolicySource {
  /** @throws StoreError while none was ever read: without a policy nobody is let in */
  current(options?: CallOptions): Promise<PolicyInForce>;
}

export interface PolicyInForce {
  readonly policy: Policy;
  /** Those before, as long as another instance may still answer by them. */
  readonly outgoing: readonly Policy[];
  /** When it came into force; empty when none was ever activated. */
  readonly since: Instant | '';
  /** When the store was asked last; grows older while it does not answer. */
  readonly readAt: Instant;
}

/** Versions of policy.yaml, and which of them is in force. */
export interface PolicyStore {
  readState(options?: CallOptions): Promise<{ readonly state: PolicyState; readonly etag?: string }>;
  /** False when somebody else wrote first. */
  writeState(state: PolicyState, etag: string | undefined): Promise<boolean>;
  /** False when there is a version of that name already. */
  createVersion(version: PolicyVersion): Promise<boolean>;
  readVersion(version: string, options?: CallOptions): Promise<PolicyVersion | undefined>;
  /** Newest first. */
  listVersions(): Promise<PolicyVersionSummary[]>;
}

export interface PolicyVersionSummary {
  readonly version: string;
  readonly createdAt: Instant;
  /** Name of the client, or of the operator's login, that brought it. */
  readonly by: string;
}

export interface PolicyVersion extends PolicyVersionSummary {
  readonly text: string;
}

// ---- enforcement ----------------------------------------------------------------------------------------------------

export interface StoredJob {
  readonly job: EnforcementJob;
  readonly etag: string;
}

/** Jobs, and among them the outbox: those that are not final. */
export interface JobStore {
  /** Puts a job into the outbox; false when it was put there before. */
  create(job: EnforcementJob): Promise<boolean>;
  read(site: string, id: string): Promise<StoredJob | undefined>;
  /** Replaces the job; takes it out of the outbox when it is final. False when somebody else wrote first. */
  update(job: EnforcementJob, etag: string): Promise<boolean>;
  /** The outbox by site: urgent ones first, then by age. */
  listOpen(): AsyncIterable<StoredJob>;
  /** Jobs newest first; whoever takes no more reads no more. */
  list(range: JobRange): AsyncIterable<EnforcementJob>;
  /** Every site that has had a job. */
  listSites(): AsyncIterable<string>;
  /** Removes jobs that came to their end before that time, so many at most. @returns how many */
  removeFinished(before: Instant, limit: number): Promise<number>;
}

export interface JobRange {
  /** Absent: of all sites. */
  readonly site?: string | undefined;
  /** Only jobs that come after the one of this id, which is older. */
  readonly after?: string | undefined;
  /** Only jobs decided then or later. */
  readonly since?: Instant | undefined;
}

/** The queue of each site, which its relay reads. */
export interface JobQueue {
  /** Sends one attempt; sending the same one again does no harm. */
  send(job: CoaJob): Promise<void>;
  /** Takes out what the site's queue gave up on, each after `take` resolved. */
  takeDeadLetters(site: string, take: (deadLetter: DeadLetter) => Promise<void>): Promise<void>;
}

export interface DeadLetter {
  /** Absent when the message was no job. */
  readonly job?: CoaJob;
  readonly reason: string;
}

/** Device ids that Intune did not know a while ago, so that it need not be asked again at once. */
export interface UnknownDevices {
  has(id: string, nowMs: number): boolean;
  add(id: string, nowMs: number): void;
}

/** What this process answered and wrote last for each session, so that it need not write the same again. */
export interface RecentAnswers {
  get(sessionId: string): RecentAnswer | undefined;
  set(sessionId: string, answer: RecentAnswer): void;
  forget(sessionId: string): void;
}

export interface RecentAnswer {
  readonly session: Session;
  readonly writtenAt: Instant;
}

/** How fresh the stored fleet is. */
export interface SweepStatus {
  /** When the newest complete run started; every device it saw was as its record says then. */
  lastCompleteStartedAt(options?: CallOptions): Promise<Instant | undefined>;
}

/** Makes guessing at credentials slow. */
export interface RefusalDelay {
  /** Waits as long as this name's refusals are worth. @returns how many there have been lately, this one included */
  after(name: string): Promise<number>;
  /** Whether the store may be asked once more for a name whose secret did not match. */
  mayLookAgain(name: string): boolean;
}

/** Whether a client has this secret. Compares in constant time. */
export interface SecretCheck {
  matches(client: Client, secret: string): boolean;
}

export interface ClientStore {
  /** `fresh` sees a rotation or revocation that memory does not know of yet. */
  read(name: string, options?: CallOptions): Promise<Client | undefined>;
  /** The session key of a site; `fresh` becomes it if the site has none yet. */
  sessionKeyOf(site: string, fresh: string): Promise<string>;
  /** @throws StoreError NAC_CLIENT_EXISTS */
  create(client: Client): Promise<void>;
}
