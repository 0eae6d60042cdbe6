// An error as the asker gets it: a status that no RADIUS server takes for a permit, code, message and what to do.

import {
  type ConnectorError,
  DocumentError,
  type DocumentProblem,
  QueueError,
  RequestError,
  SettingsError,
  StoreError,
} from '../errors.ts';
import type { RefusalStatus } from './route.ts';

export interface ShownError {
  readonly code: string;
  readonly message: string;
  readonly action: string;
  readonly field?: string | undefined;
  /** Where in the document, for editors that mark the place. */
  readonly problems?: readonly DocumentProblem[];
}

/** The asker's faults have their own; 503 is for the store's, the queue's and the settings', 500 for ours. */
export function statusOf(error: ConnectorError): RefusalStatus {
  if (error instanceof RequestError) return error.status;
  return error instanceof StoreError || error instanceof QueueError || error instanceof SettingsError ? 503 : 500;
}

/** What went wrong here is in the log only: the client that asks may be a stranger. */
export function showError(error: ConnectorError, status: RefusalStatus): ShownError {
  const { code, message, action, field } = error;
  if (code === 'NAC_SETTINGS') {
    return { code, message: 'The connector has wrong settings.', action: 'Its log names them, with NAC_SETTINGS.' };
  }
  const shown = { code, message: status === 500 ? 'Something went wrong here.' : message, action, field };
  return error instanceof DocumentError ? { ...shown, problems: error.problems } : shown;
}
