// Wires the lookup and accounting: what answers a RADIUS proxy.

import { CachedClientStore } from '../adapters/memory/cached-client-store.ts';
import { CachedIdentityStore } from '../adapters/memory/cached-identity-store.ts';
import { createNasMemory } from '../adapters/memory/nas-memory.ts';
import { createProvenSecrets } from '../adapters/memory/proven-secrets.ts';
import { createRecentAnswersCache } from '../adapters/memory/recent-answers-cache.ts';
import { createRefusalDelay } from '../adapters/memory/refusal-delay.ts';
import { createIdentityPrivacy } from '../adapters/system/identity-privacy.ts';
import { createLogMetrics } from '../adapters/system/log-metrics.ts';
import { TableClientStore } from '../adapters/table-storage/table-client-store.ts';
import { TableDecisionStore } from '../adapters/table-storage/table-decision-store.ts';
import { TableDeviceStore } from '../adapters/table-storage/table-device-store.ts';
import { TableIdentityStore } from '../adapters/table-storage/table-identity-store.ts';
import { TableNoncompliantIndex } from '../adapters/table-storage/table-noncompliant-index.ts';
import { TableSessionStore } from '../adapters/table-storage/table-session-store.ts';
import type { BearerToken } from '../domain/carried-credential.ts';
import type { Client } from '../domain/client.ts';
import type { OperatorPermission } from '../domain/grants.ts';
import type { PresentedIdentity } from '../domain/identity/identity.ts';
import { toInstant } from '../domain/instant.ts';
import type { Permission } from '../domain/permission.ts';
import { VERSION_MEMORY_MS } from '../domain/version-activation.ts';
import { type RequestBody, readBody } from '../http/request-body.ts';
import { ROUTES } from '../http/routes.ts';
import { answerLookup, type LookupAnswer } from '../lookup/answer-lookup.ts';
import { authenticateClient } from '../lookup/authenticate-client.ts';
import { authenticatePerson, type Person } from '../lookup/authenticate-person.ts';
import { ClientQuota } from '../lookup/client-quota.ts';
import { countAnswer, countFailure } from '../lookup/count-answer.ts';
import { findByBareId } from '../lookup/find-by-bare-id.ts';
import { type FoundDevice, findDevice } from '../lookup/find-device.ts';
import { queryIfUnknown } from '../lookup/find-live.ts';
import { recordThatCounts } from '../lookup/gather-facts.ts';
import { rulesAt, withOtherRecords } from '../lookup/join-records.ts';
import { readAccessRequest } from '../lookup/read-access-request.ts';
import { readAccountingEvent } from '../lookup/read-accounting-event.ts';
import { type AccountingResult, recordAccounting } from '../lookup/record-accounting.ts';
import { boundSessions, newSessionLimits, unknownStationLimits } from '../lookup/session-quota.ts';
import { siteRecords } from '../lookup/site-records.ts';
import type { CallOptions } from '../ports/call-options.ts';
import type { ClientStore } from '../ports/client-store.ts';
import type { OperatorTokens } from '../ports/operator-tokens.ts';
import type { SiteRecords } from '../ports/site-records.ts';
import { type Context, joinRules, reachableWithin } from './context.ts';
import { openLiveQuery } from './open-live-query.ts';
import { openOverrideSource, openPolicySource } from './open-policy-source.ts';
import { openSweepStatus } from './sweep-status.ts';

/** Well below the time for which the FreeRADIUS sample waits (NAC_ACCT_TOTAL_TIMEOUT, 8 s). */
const ACCOUNTING_DEADLINE_MS = 5_000;
/** The first token may wait for the keys of Microsoft Entra. */
const SIGN_IN_DEADLINE_MS = 10_000;
/** With a list of overrides that is known, answers do not wait for a slow store. */
const OVERRIDES_AGAIN_MS = 300;

/** @param tokens absent where people do not sign in */
export async function openLookup(context: Context, tokens?: OperatorTokens) {
  const { settings, clock, timer, random, log, mostRemembered } = context;
  const tables = await context.openTables('lookup');
  const clients: ClientStore = new CachedClientStore(new TableClientStore(tables.clients), clock);
  const telemetry = await context.telemetry();
  const metrics = createLogMetrics(log, telemetry);
  const authentication = {
    clients,
    secrets: createProvenSecrets(random),
    refusals: createRefusalDelay(clock),
    quota: new ClientQuota(settings.clientRequestsPerSecond),
    report: context.refusals,
    clock,
  };
  const { unknownStationsPerMinute, newSessionsPerMinute } = settings.unwritten;
  const telling = { clock, metrics, log };
  const deps = {
    records: siteRecords({
      devices: new TableDeviceStore(tables.devices),
      identities: new CachedIdentityStore(new TableIdentityStore(tables.identities), timer, mostRemembered),
      scope: context.scope,
    }),
    sessions: new TableSessionStore(tables.sessions, { clock, log, writer: random.hex(4) }),
    decisions: new TableDecisionStore(tables.sessions, log),
    recentAnswers: createRecentAnswersCache(mostRemembered),
    nases: createNasMemory(mostRemembered),
    writeDeadlineMs: settings.unwritten.writeDeadlineMs,
    unwrittenPermitSeconds: settings.unwritten.permitSeconds,
    unknownStations: boundSessions(
      'lookup.unknown-stations-limited',
      unknownStationLimits(unknownStationsPerMinute),
      telling,
    ),
    newSessions: boundSessions('lookup.new-sessions-limited', newSessionLimits(newSessionsPerMinute), telling),
    sweepStatus: openSweepStatus(context, tables),
    maxCheckInAgeMs: settings.maxCheckInAgeMs,
    sourceReachableMs: reachableWithin(context.sources),
    joins: joinRules(context.sources),
    computerDomains: settings.computerDomains,
    policies: openPolicySource({ settings, clock, log }, tables, VERSION_MEMORY_MS),
    overrides: openOverrideSource({ clock, log }, tables, {
      first: settings.lookupDeadlineMs,
      again: OVERRIDES_AGAIN_MS,
    }),
    clock,
    random,
    log,
    metrics,
    privacy: createIdentityPrivacy(settings.logPrivacy.mode, settings.logPrivacy.key ?? random.hex(32)),
  };
  const { live } = openLiveQuery(context, tables, metrics, telemetry);
  const counting = telemetry && { telemetry, freshnessObjectiveMs: settings.freshnessObjectiveMs };
  const inTime = <T>(work: (options: CallOptions) => Promise<T>): Promise<T> =>
    clock.within(settings.lookupDeadlineMs, (signal) => work({ signal }));
  const authenticate = (apiKey: string | null, permission: Permission): Promise<Client> =>
    inTime((options) => authenticateClient(authentication, apiKey, permission, options));
  const depsOf = ({ name }: Client) => ({ ...deps, ...(live && { live: (source: string) => live(source)?.of(name) }) });
  const withRecordThatCounts = async (records: SiteRecords, one: FoundDevice, options: CallOptions) => {
    const joins = rulesAt(deps.joins, records);
    const found = await withOtherRecords(records, joins, one, options);
    if (found.kind !== 'found' || found.joined === undefined) return found;
    return { ...found, counts: await recordThatCounts({ ...deps, joins }, found, options) };
  };
  return {
    async lookup(apiKey: string | null, body: RequestBody): Promise<LookupAnswer> {
      const begunMs = timer.elapsed();
      const askedAt = toInstant(clock.now());
      try {
        return await inTime(async (options) => {
          const client = await authenticateClient(authentication, apiKey, ROUTES.lookup.needs, options);
          const ofClient = depsOf(client);
          const request = readAccessRequest(await readBody(body));
          const answer = await answerLookup(ofClient, client, request, { ...options, askedAt });
          if (counting) countAnswer(counting, client, answer, timer.elapsed() - begunMs);
          return answer;
        });
      } catch (thrown) {
        if (telemetry) countFailure(telemetry, thrown);
        throw thrown;
      }
    },
    async accounting(apiKey: string | null, body: RequestBody): Promise<AccountingResult> {
      const client = await authenticate(apiKey, ROUTES.accounting.needs);
      const event = readAccountingEvent(await readBody(body), toInstant(clock.now()));
      const result = await clock.within(ACCOUNTING_DEADLINE_MS, (signal) =>
        recordAccounting(deps, client, event, { signal }),
      );
      telemetry?.count('nac.accounting.records', { 'nac.accounting.status': event.status, 'nac.site': client.site });
      return result;
    },
    authenticate,
    person: (token: BearerToken, permission: OperatorPermission): Promise<Person> =>
      clock.within(SIGN_IN_DEADLINE_MS, (signal) =>
        authenticatePerson({ ...authentication, tokens }, token, permission, { signal }),
      ),
    /** What Cisco's MDM API answers from: the same stores, with the same memory. */
    known: {
      records: deps.records,
      index: new TableNoncompliantIndex(tables.devices),
      overrides: deps.overrides,
      policies: deps.policies,
      find: async (client: Client, identities: readonly PresentedIdentity[], options: CallOptions) => {
        const records = await deps.records.at(client.site, options);
        const byRules = await findDevice(records, identities, options);
        const stored = await findByBareId(records, deps.joins.sources, byRules, identities, options);
        const asked = await queryIfUnknown(depsOf(client), records, stored, identities, options);
        return withRecordThatCounts(records, asked, options);
      },
      join: withRecordThatCounts,
    },
    /** One question that asks for several things takes so many shares. @throws RequestError 503 NAC_CLIENT_QUOTA */
    takeShares({ name }: Client, count: number): void {
      const nowMs = clock.now().getTime();
      for (let taken = 0; taken < count; taken++) authentication.quota.take(name, nowMs);
    },
  };
}
