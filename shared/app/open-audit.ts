// Wires the audit: every change by a person is kept and logged before it is made.

import { createIdentityPrivacy, hideIdentities } from '../adapters/system/identity-privacy.ts';
import { TableAuditStore } from '../adapters/table-storage/table-audit-store.ts';
import type { AuditEntry } from '../domain/audit-entry.ts';
import { toInstant } from '../domain/instant.ts';
import type { Sites } from '../domain/sites.ts';
import { readAuditQuery } from '../http/read-audit-query.ts';
import type { AuditPage } from '../ports/audit-store.ts';
import type { Context } from './context.ts';

const LIST_DEADLINE_MS = 30_000;

export interface Audit {
  /**
   * @param loggedTarget as the log may show the target: LOG_IDENTITY_PRIVACY is about the log
   * @throws StoreError when the entry cannot be kept: then the change must not be made
   */
  note(entry: Omit<AuditEntry, 'at'>, loggedTarget?: string): Promise<void>;
  /** @param sitesFor those that the asker may see, for what is asked; throws where it is another */
  list(query: Iterable<[string, string]>, sitesFor: (asked: string | undefined) => Sites): Promise<AuditPage>;
}

export async function openAudit({ settings, clock, random, log, openTables }: Context): Promise<Audit> {
  const privacy = createIdentityPrivacy(settings.logPrivacy.mode, settings.logPrivacy.key ?? random.hex(32));
  const store = new TableAuditStore((await openTables('background')).audit, random, log);
  return {
    async note(entry, loggedTarget = entry.target) {
      await store.append({ ...entry, at: toInstant(clock.now()) });
      // The log has the object id of a person, and no name.
      const { reason, byName: _, ...logged } = entry;
      const shown = reason === undefined ? {} : { reason: hideIdentities(privacy, reason) };
      log.info('audit', { ...logged, ...shown, target: loggedTarget });
    },
    async list(query, sitesFor) {
      const { site, ...range } = readAuditQuery(query, toInstant(clock.now()));
      return store.list({ ...range, sites: sitesFor(site) }, { signal: clock.deadline(LIST_DEADLINE_MS) });
    },
  };
}
