// A session as a row, and back.

import type { MatchedDevice } from '../../domain/decision.ts';
import { deviceKeyText } from '../../domain/device.ts';
import type { MacAddress } from '../../domain/mac-address.ts';
import { NAS_LOCATION_FIELDS } from '../../domain/nas-location.ts';
import { rulingSession } from '../../domain/ruling-session.ts';
import type { Session } from '../../domain/session.ts';
import { StoreError } from '../../errors.ts';
import { sessionRow } from './row-keys.ts';

/** What a decision rests on that rests on no stored record. */
export const WITHOUT_RECORD = ['live', 'nothing'] as const;

const TEXT_COLUMNS = [
  ...NAS_LOCATION_FIELDS,
  'userName',
  'acctSessionId',
  'acctMultiSessionId',
  'auditSessionId',
  'method',
  'client',
] as const satisfies readonly (keyof Session)[];

/** All but what accounting knows, to be merged into the row: that stays. */
export function toSessionEntity(session: Session) {
  const { decision, presented, id, accounting, site, mac, ...place } = session;
  const { device } = decision;
  // MAB has a column of its own: it does not replace what the station has proven (ruling-session.ts).
  const answer =
    session.method === 'mab'
      ? { bypass: JSON.stringify({ ...place, presented, decision }) }
      : // Merged rows keep what is not written: a place without a port must not keep the port of the place before.
        {
          ...Object.fromEntries(TEXT_COLUMNS.map((column) => [column, ''])),
          ...place,
          presented: JSON.stringify(presented),
          decision: JSON.stringify(decision),
        };
  return {
    ...sessionRow(id),
    site,
    ...(mac !== undefined && { mac }),
    ...answer,
    // Columns beside the JSON are for people and filters.
    decidedAt: decision.decidedAt,
    standing: decision.standing,
    verdict: decision.outcome.verdict,
    deviceKey: device ? deviceKeyText(device) : '',
    basis: basisOf(device),
  };
}

export function fromSessionEntity(id: string, row: Record<string, unknown>): Session {
  const texts = TEXT_COLUMNS.flatMap((column) =>
    typeof row[column] === 'string' && row[column] !== '' ? [[column, row[column]]] : [],
  );
  const common = {
    id,
    site: String(row['site']),
    ...(typeof row['mac'] === 'string' && row['mac'] !== '' && { mac: row['mac'] as MacAddress }),
    ...(typeof row['accounting'] === 'string' && { accounting: JSON.parse(row['accounting']) }),
  };
  const proven: Session | undefined =
    typeof row['decision'] === 'string'
      ? {
          ...common,
          client: String(row['client']),
          ...Object.fromEntries(texts),
          presented: JSON.parse(String(row['presented'])),
          decision: JSON.parse(row['decision']),
        }
      : undefined;
  const bypass: Session | undefined =
    typeof row['bypass'] === 'string' ? { ...JSON.parse(row['bypass']), ...common } : undefined;
  const session = rulingSession(proven, bypass);
  if (session === undefined) throw unreadableSession(id);
  return session;
}

/** On what the latest decision rests: a stored record, Intune's own word, or nothing. */
function basisOf(device: MatchedDevice | undefined): 'record' | (typeof WITHOUT_RECORD)[number] {
  if (device === undefined) return 'nothing';
  return device.live ? 'live' : 'record';
}

function unreadableSession(id: string): StoreError {
  return new StoreError('NAC_STORE_ROW', `The row of session ${id} holds no answer.`, {
    action:
      'Something else wrote into the table: remove the row. The station is remembered at its next authentication.',
  });
}
