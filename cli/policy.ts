// `npm run policy`: operators check a policy.yaml, bring it into the store, put it into force and take it back.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemClock } from '../shared/adapters/system/system-clock.ts';
import { TableTaskStore } from '../shared/adapters/table-storage/table-task-store.ts';
import { readPolicy } from '../shared/adapters/yaml/read-policy.ts';
import type { PolicyOverview } from '../shared/app/open-policy.ts';
import { openPolicy, type PolicyAdmin } from '../shared/app/open-policy.ts';
import { policyOfSettings } from '../shared/app/open-policy-source.ts';
import { polledSources } from '../shared/app/remembered-sources.ts';
import { scopeOf } from '../shared/app/source-scope.ts';
import { ASSURANCES } from '../shared/domain/identity/identity.ts';
import { listsNamedIn } from '../shared/domain/policy/mac-list.ts';
import { MEDIA } from '../shared/domain/policy/policy-facts.ts';
import { checkedReason } from '../shared/http/read-reason.ts';
import type { WhatIfReport } from '../shared/policy/what-if.ts';
import { readPolicySettings } from '../shared/settings.ts';
import { openStore, printed, SILENT_LOG, versionLines } from './versions.ts';

const USAGE = `Usage: npm run policy -- <command>

  check <file>             says whether the file is right; needs no store
  upload <version> <file>  brings the file into the store under a name; nothing changes yet
  upload-list <name> <file>  brings a list of MAC addresses into the store, for \`macAddress: list:<name>\` in a policy
  activate <version>       puts a version into force ("built-in": the policy of the settings)
  rollback [--from <v>]    brings back the version before; with --from only if <v> is in force
  what-if <file> [--site <s>] [--medium ${MEDIA.join('|')}] [--assurance ${ASSURANCES.join('|')}]
                           who would get another answer: live sessions, and stored devices asking like this
  list                     what is in force, since when, all versions, and all lists
  show <version>           the file as it was uploaded
  show-list <name>         the addresses of a list

What changes something takes --reason <text>, which the audit keeps beside who and when.
Instances remember the policy for a minute; CoAs for what a change made different begin half a minute later.

The store is taken from the environment, with the names of the application settings:
  StorageConnection__tableServiceUri   https://<account>.table.core.windows.net, as the user of \`az login\`
  StorageConnection                    or a connection string`;

type Values = { readonly [name in 'from' | 'site' | 'medium' | 'assurance' | 'reason']?: string | undefined };
const CHANGES: readonly (string | undefined)[] = ['upload', 'upload-list', 'activate', 'rollback'];

await printed(async () => {
  const text = { type: 'string' } as const;
  const options = { from: text, site: text, medium: text, assurance: text, reason: text };
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  return run(positionals, values);
});

async function run(
  [command, ...words]: readonly string[],
  { from, reason: written, ...assumed }: Values,
): Promise<string> {
  const [first = '', second = ''] = words;
  const expected = {
    check: 1,
    upload: 2,
    'upload-list': 2,
    activate: 1,
    rollback: 0,
    list: 0,
    show: 1,
    'show-list': 1,
    'what-if': 1,
  }[command ?? ''];
  if (expected !== words.length || (from !== undefined && command !== 'rollback')) throw new Error(USAGE);
  if (Object.keys(assumed).length > 0 && command !== 'what-if') throw new Error(USAGE);
  if (written !== undefined && !CHANGES.includes(command)) throw new Error(USAGE);
  const { reason } = checkedReason(written, '--reason');
  if (command === 'check') return checked(first);
  const admin = await openAdmin();
  if (command === 'upload') {
    const { created } = await admin.upload(first, readFileSync(second, 'utf8'), reason);
    return created ? `"${first}" is in the store. Next: npm run policy -- activate ${first}` : `"${first}" was there.`;
  }
  if (command === 'upload-list') {
    const { created, addresses } = await admin.uploadMacList(first, readFileSync(second, 'utf8'), reason);
    const next = `Next: name it in a policy, as list:${first}, and upload that.`;
    return created ? `"${first}" is in the store: ${addresses} addresses. ${next}` : `"${first}" was there.`;
  }
  if (command === 'activate') return inForce(await admin.activate(first, reason));
  if (command === 'what-if') {
    const query = Object.entries(assumed).flatMap(([name, value]): [string, string][] =>
      value ? [[name, value]] : [],
    );
    return wouldChange(await admin.whatIf(readFileSync(first, 'utf8'), query));
  }
  if (command === 'rollback') return inForce(await admin.rollBack(from, reason));
  if (command === 'show') return admin.text(first);
  if (command === 'show-list') return admin.macListText(first);
  return listing(await admin.overview());
}

function checked(file: string): string {
  const text = readFileSync(file, 'utf8');
  const { rules, sites } = readPolicy(text, { version: 'draft', file, macLists: 'unchecked' });
  const named = listsNamedIn(text);
  const lists = named.length === 0 ? '' : ` It names lists, which upload looks for in the store: ${named.join(', ')}.`;
  const letIn = rules
    .filter(({ outcome, observe }) => 'reject' in outcome && observe !== undefined)
    .map(({ name }) => name);
  const ofSites = Object.entries(sites).flatMap(([site, { observe }]) => (observe === undefined ? [] : site));
  return [
    `${file} is right: ${rules.length} rules.${lists}`,
    ...(letIn.length > 0 ? [`Only observed, so whom these rules reject gets on: ${letIn.join(', ')}.`] : []),
    ...(ofSites.length > 0 ? [`Only observed, so no station is rejected there: sites ${ofSites.join(', ')}.`] : []),
  ].join('\n');
}

function inForce({ inForce: version, settledAt }: PolicyOverview): string {
  return `"${version}" is in force. Every instance answers by it, and CoAs begin, at ${settledAt ?? 'once'}.`;
}

function listing(overview: PolicyOverview): string {
  const lists = overview.macLists.map(
    ({ name, createdAt, by, addresses }) => `  ${createdAt}  list:${name}  ${addresses} addresses (${by})`,
  );
  return [...versionLines(overview), ...lists].join('\n');
}

function wouldChange({ inForce: version, sessions, fleet, enforcing, complete }: WhatIfReport): string {
  const counts = (title: string, by: Readonly<Record<string, number>>): string[] =>
    Object.entries(by).map(([key, count]) => `  ${title} ${key}: ${count}`);
  return [
    `Live sessions that would get another answer: ${sessions.changing} of ${sessions.looked}`,
    ...counts('site', sessions.bySite),
    ...counts('rule', sessions.byRule),
    `Stored devices for which "${version}" and this file differ: ${fleet.changing} of ${fleet.looked}`,
    ...counts('rule', fleet.byRule),
    ...fleet.examples.map(({ device, name = '' }) => `  device ${device} ${JSON.stringify(name)}`),
    `  (asking with ${fleet.assumed.assurance}, ${fleet.assumed.medium ?? 'no medium'}, site ${fleet.assumed.site || 'none'})`,
    `Enforcing would take ${enforcing.seconds} seconds: ${enforcing.assumed.settleSeconds} until every instance has the new`,
    `version, then ${enforcing.assumed.inFlightPerSite} CoAs at a time and site, each lot taken to be done in ${enforcing.assumed.roundSeconds} seconds.`,
    ...(complete ? [] : ['Time ran out: these are the counts until then.']),
  ].join('\n');
}

async function openAdmin(): Promise<PolicyAdmin> {
  const { jobsInFlightPerSite, maxCheckInAgeMs, ...roles } = readPolicySettings(process.env);
  const builtIn = policyOfSettings(roles);
  const { tables, by, note } = await openStore(USAGE);
  const sources = await polledSources(new TableTaskStore(tables.polling));
  const admin = await openPolicy({
    sources: { known: sources },
    scope: scopeOf(async () => sources),
    openTables: async () => tables,
    clock: systemClock,
    log: SILENT_LOG,
    builtIn,
    jobsInFlightPerSite,
    maxCheckInAgeMs,
  });
  return admin(by, note);
}
