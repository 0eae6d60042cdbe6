// Every error this product reports: one tree, stable codes, each saying what to do. docs/errors.md lists the codes.

/** Stable for ever: operators search logs and documentation by them. */
export const ERROR_CODES = [
  'NAC_SETTINGS',
  'NAC_REQUEST_NOT_JSON',
  'NAC_REQUEST_FIELD',
  'NAC_REQUEST_TOO_LARGE',
  'NAC_REQUEST_CHUNKED',
  'NAC_REQUEST_NOT_XML',
  'NAC_MDM_PATH',
  'NAC_MDM_QUESTION',
  'NAC_CLIENT_CREDENTIAL',
  'NAC_CLIENT_NAME',
  'NAC_CLIENT_EXISTS',
  'NAC_CLIENT_QUOTA',
  'NAC_CLIENT_SITE',
  'NAC_CLIENT_UNKNOWN',
  'NAC_TOKEN',
  'NAC_TOKEN_KEYS',
  'NAC_ROLE_MISSING',
  'NAC_REQUEST_CROSS_SITE',
  'NAC_QUERIES_BUSY',
  'NAC_QUERY_TIMEOUT',
  'NAC_ENTRA_CERTIFICATE',
  'NAC_SOURCE_SECRET',
  'NAC_SOURCE_TOKEN',
  'NAC_SOURCE_UNREACHABLE',
  'NAC_SOURCE_UNTRUSTED',
  'NAC_SOURCE_UNAUTHORIZED',
  'NAC_SOURCE_FORBIDDEN',
  'NAC_SOURCE_THROTTLED',
  'NAC_SOURCE_UNAVAILABLE',
  'NAC_SOURCE_PAGE',
  'NAC_SOURCE_PAGE_LOOP',
  'NAC_SOURCE_RECORD',
  'NAC_SOURCE_DELTA_EXPIRED',
  'NAC_SOURCE_DISCOVERY',
  'NAC_SOURCE_DIALECT',
  'NAC_SOURCE_REDIRECTED',
  'NAC_STORE_UNAVAILABLE',
  'NAC_STORE_TIMEOUT',
  'NAC_STORE_CONFLICT',
  'NAC_STORE_ROW',
  'NAC_STORE_STATE',
  'NAC_ACCOUNTING_SOURCE',
  'NAC_CLOCK',
  'NAC_POLL_LEASE_LOST',
  'NAC_POLL_RUN_UNKNOWN',
  'NAC_POLL_INDEX_FULL',
  'NAC_POLL_NO_SWEEP',
  'NAC_QUEUE_MISSING',
  'NAC_QUEUE_UNAVAILABLE',
  'NAC_REPORT',
  'NAC_DEVICE_UNKNOWN',
  'NAC_DEVICE_AMBIGUOUS',
  'NAC_JOB_UNKNOWN',
  'NAC_JOB_UNDER_WAY',
  'NAC_JOB_NOTHING_TO_RESEND',
  'NAC_POLICY',
  'NAC_POLICY_VERSION',
  'NAC_SOURCES',
  'NAC_SOURCES_VERSION',
  'NAC_MAC_LIST',
  'NAC_MAC_LIST_NAME',
  'NAC_DECISION_UNKNOWN',
  'NAC_TELEMETRY',
  'NAC_OVERRIDES_FULL',
  'NAC_OVERRIDES_SITE_FULL',
  'NAC_OVERRIDE_ROLE',
  'NAC_OVERRIDE_UNKNOWN',
  'NAC_CORE_TOOLS',
  'NAC_INTERNAL',
] as const;

/** Those of the relay, which reports them itself, on premises. */
export const RELAY_ERROR_CODES = [
  'NAC_RELAY_USAGE',
  'NAC_RELAY_CONFIG',
  'NAC_RELAY_SECRET',
  'NAC_RELAY_HEALTHZ',
  'NAC_RELAY_SERVICE_BUS',
  'NAC_RELAY_UNAUTHORIZED',
  'NAC_RELAY_QUEUE',
  'NAC_RELAY_SESSION_LOST',
  'NAC_RELAY_CLOCK',
  'NAC_RELAY_JOB',
  'NAC_RELAY_JOB_TIME',
  'NAC_RELAY_BRAKE',
  'NAC_RELAY_HARDENING',
  'NAC_RELAY_CERTIFICATE',
  'NAC_RELAY_SETTLEMENT',
  'NAC_RELAY_TELEMETRY',
  'NAC_RELAY_INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES | typeof RELAY_ERROR_CODES)[number];

export interface ErrorDetails extends ErrorOptions {
  /** What the reader can do about it, as an instruction. */
  readonly action: string;
  /** The field, setting or property at fault. */
  readonly field?: string;
}

/** Root of the tree. `message` says what happened, `action` what to do. */
export class ConnectorError extends Error {
  readonly code: ErrorCode;
  readonly action: string;
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, { action, field, cause }: ErrorDetails) {
    super(message, { cause });
    this.name = new.target.name;
    this.code = code;
    this.action = action;
    this.field = field;
  }
}

/**
 * Statuses of the asker's faults. RADIUS proxies never get 404, 409 or 429, which FreeRADIUS takes for "no objection"
 * and "invalid": those are for operators.
 */
export type RequestErrorStatus = 400 | 401 | 403 | 404 | 409 | 411 | 413 | 429 | 503;

/** The asker's fault: it gets the code and the instruction back. */
export class RequestError extends ConnectorError {
  /** HTTP status of the answer. */
  readonly status: RequestErrorStatus;

  constructor(status: RequestErrorStatus, code: ErrorCode, message: string, details: ErrorDetails) {
    // An asker's fault is no fault of a line here, and a trace would cost more than the rest of a refusal.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(code, message, details);
    Error.stackTraceLimit = stackTraceLimit;
    this.status = status;
  }
}

/** A person's question found no room here, or took too long: the same may be asked again. */
export class BusyError extends RequestError {
  readonly retryAfterSeconds: number;

  constructor(
    status: 429 | 503,
    code: ErrorCode,
    message: string,
    { retryAfterSeconds, ...details }: ErrorDetails & { readonly retryAfterSeconds: number },
  ) {
    super(status, code, message, details);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** A place in a document and what is wrong there; line and column count from 1. */
export interface DocumentProblem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

/** A document cannot be used as it is: every problem at once. `message` is ready to be shown to the operator. */
export class DocumentError extends RequestError {
  readonly problems: readonly DocumentProblem[];

  constructor(
    code: 'NAC_POLICY' | 'NAC_SOURCES',
    file: string,
    problems: readonly DocumentProblem[],
    details: ErrorDetails,
  ) {
    const lines = problems.map(
      ({ line, column, path, problem }) => `  ${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${problem}`,
    );
    super(400, code, `${problems.length} problem(s) in ${file}:\n${lines.join('\n')}`, details);
    this.problems = problems;
  }
}

/** policy.yaml cannot be used as it is. */
export class PolicyError extends DocumentError {
  constructor(file: string, problems: readonly DocumentProblem[]) {
    const action = 'Mend the lines named above; docs/policy.md describes the file.';
    super('NAC_POLICY', file, problems, { action, field: 'policy' });
  }
}

/** sources.yaml cannot be used as it is. */
export class SourcesError extends DocumentError {
  constructor(file: string, problems: readonly DocumentProblem[]) {
    const action = 'Mend the lines named above; docs/sources/sources-yaml.md describes the file.';
    super('NAC_SOURCES', file, problems, { action, field: 'sources' });
  }
}

/** A list of MAC addresses cannot be used as it is: every problem at once, each with its line. */
export class MacListError extends RequestError {
  readonly problems: readonly { readonly line: number; readonly problem: string }[];

  constructor(problems: readonly { readonly line: number; readonly problem: string }[]) {
    const lines = problems.map(({ line, problem }) => `  line ${line}: ${problem}`);
    super(400, 'NAC_MAC_LIST', `${problems.length} problem(s) in the list:\n${lines.join('\n')}`, {
      action: 'Mend the lines named above; docs/policy.md describes the file.',
      field: 'list',
    });
    this.problems = problems;
  }
}

export interface SourceErrorDetails extends ErrorDetails {
  readonly retryAfterMs?: number;
  readonly means?: string | undefined;
}

/** An MDM source did not answer as it should. */
export class SourceError extends ConnectorError {
  /** Milliseconds the source asked us to wait, if it did. */
  readonly retryAfterMs: number | undefined;
  /** What it means, where the source says more than the code does. */
  readonly means: string | undefined;
  #source: string | undefined;

  constructor(code: ErrorCode, message: string, details: SourceErrorDetails) {
    super(code, message, details);
    this.retryAfterMs = details.retryAfterMs;
    this.means = details.means;
  }

  /** Name of the source, once the error has left the source's adapter. */
  get source(): string | undefined {
    return this.#source;
  }

  /** The error of this source. */
  of(source: string): this {
    this.#source = source;
    return this;
  }
}

/** The store did not answer, or another writer was first. */
export class StoreError extends ConnectorError {}

/** The store could not say whether the caller is a client: it may be a stranger. */
export class UnknownCallerError extends StoreError {}

/** The message queue did not take or give what it should. */
export class QueueError extends ConnectorError {}

/** Settings are missing or wrong: every problem at once. `message` is ready to be shown to the operator. */
export class SettingsError extends ConnectorError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const list = problems.map((problem) => `  - ${problem}`).join('\n');
    super('NAC_SETTINGS', `NAC_SETTINGS: ${problems.length} setting(s) need attention:\n${list}`, {
      action: 'Correct the application settings named above and start again.',
    });
    this.problems = problems;
  }
}

/** Anything thrown, as a ConnectorError: unknown ones become NAC_INTERNAL with the original as cause. */
export function toConnectorError(thrown: unknown): ConnectorError {
  if (thrown instanceof ConnectorError) return thrown;
  const message = thrown instanceof Error ? thrown.message : describeThrown(thrown);
  return new ConnectorError('NAC_INTERNAL', `Unexpected: ${message}`, {
    action: 'Please report this with the log lines around it.',
    cause: thrown,
  });
}

/** Not everything that can be thrown can be turned into text. */
function describeThrown(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something that is no error';
  }
}
