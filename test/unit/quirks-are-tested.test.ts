// Which test shows that the connector stays correct under which quirk of the simulated tenant. The tenant's README
// lists quirks, switches and ways to spoil an answer; one that no test of the connector is named for fails here.

import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { USUAL_BEHAVIOUR } from '../../local/intune-tenant/tenant-behaviour.ts';

/** A file of test/integration, and words that stand in the title of a test there. */
type Shown = readonly [file: string, title: string];

const lists = (title: string): Shown => ['polling/quirks-of-lists', title];
const reads = (title: string): Shown => ['polling/quirks-of-point-reads', title];
const signIn = (title: string): Shown => ['sign-in/quirks', title];
const fleets = (title: string): Shown => ['polling/quirks-of-fleets', title];
const changed = (title: string): Shown => ['polling/changed-devices', title];
const retrieval = (title: string): Shown => ['polling/compliance-retrieval', title];
const doctor = (title: string): Shown => ['doctor/devices', title];

const WALL: Shown = [
  'polling/compliance-only',
  'is never run into, whatever the polling interval, also after a restart',
];

const QUIRKS: Readonly<Record<string, readonly Shown[]>> = {
  'filters ignored': [
    changed('is given up when Graph ignores the filter'),
    doctor('is found in Graph by its name, whatever Graph does with the filter'),
  ],
  'Ethernet MACs null in lists': [
    ['polling/hardware', 'are not wiped by sweeps, whose lists say nothing of them'],
    reads('lists that show them'),
  ],
  'a list that silently ends early': [
    lists('a list that silently ends early'),
    ['polling/breaker', 'concludes nothing when a point read finds one of them: the list was short'],
  ],
  '504 in the middle of paging': [lists('504 in the middle of paging'), lists('504 on every page once')],
  'repeated nextLink': [lists('that leads to its own page again and again')],
  'expired nextLink': [
    lists('that is refused as expired at once'),
    lists('that grew too old between two slices is given up for the first page'),
  ],
  '429, with `Retry-After` of every kind or none': [
    lists('429 without Retry-After, twice'),
    lists('429 with a Retry-After of ninety seconds'),
    lists('429 with a Retry-After with a fraction'),
    lists('429 with a Retry-After that is a date'),
    reads('single devices of a batch that are throttled'),
  ],
  '503 with JSON inside JSON': [lists('503 with JSON inside JSON')],
  'four hours between noncompliant lists': [WALL],
  'letter case of XML names': [retrieval('a device is what it is, and one that is not enrolled is not managed')],
  '403 now and then with a good token': [lists('403 now and then with a good token')],
  'consent revoked': [signIn('consent is revoked'), reads('consent revoked')],
  'certificate or secret expired': [
    signIn('the secret has expired'),
    signIn('the certificate has expired'),
    ['doctor/doctor', 'that are over are a failure, before anybody is asked'],
  ],
  'clocks apart': [
    signIn('its clock and that of Entra are twenty minutes apart'),
    signIn('brings every change once, and nothing that is none'),
    signIn('names a date to come back is asked then, not an hour later'),
  ],
  'slow or hanging sockets': [
    lists('a socket that hangs'),
    lists('a slow answer'),
    lists('an answer that stalls'),
    signIn('Entra hangs'),
    reads('sockets that hang'),
    [
      'lookup/live-query',
      'holds up no known device, is asked no more than its share, and keeps no request beyond the deadline',
    ],
  ],
  'truncated JSON or XML': [
    lists('truncated JSON'),
    signIn('Entra’s answer is truncated'),
    reads('a truncated batch'),
    reads('truncated XML'),
  ],
  'HTML from a captive portal': [
    lists('the page of a captive portal'),
    signIn('a captive portal answers for Entra'),
    reads('the page of a captive portal'),
  ],
  'a device vanishes and returns': [
    fleets('stays known when one list leaves it out and the source cannot be asked for it'),
    fleets('is gone when Intune says so itself, and comes back as it was, each dispatched once'),
  ],
  'one MAC address on two devices': [fleets('of two machines identifies neither, and each one again')],
  'a device enrolled twice': [fleets('of one machine enrolled twice answers by the record that lives on')],
  'retirement or wipe pending': [fleets('is let in no more, whatever its state, and is gone once it is')],
  'a large part of the fleet flips or vanishes': [
    fleets('that vanishes for one list stays known'),
    fleets('that flips for one list turns no device'),
    ['polling/breaker', 'turns no device: rows keep state and version'],
  ],
  'inactive devices hidden': [fleets('is one of those that Intune hides as inactive, until it checks in again')],
};

/** Those which are no quirk of their own above. */
const SWITCHES: Readonly<Record<string, readonly Shown[]>> = {
  unsupportedFilter: [reads('a Graph that refuses filters it does not document refuses none of ours')],
  intuneRequestLimit: [
    lists('more questions than Intune takes in twenty seconds'),
    reads('fewer questions than a batch holds'),
  ],
  batchOrder: [reads('answers of a batch in another order')],
  entraLagSeconds: [reads('changes that take a minute and a half to arrive')],
  deltaPageSize: [reads('one object on a page')],
  deltaTokenLifetimeSeconds: [changed('whose link has expired has everything read once')],
  deltaDuplicates: [reads('every object twice')],
  deltaReplays: [reads('changes reported again')],
  removedReason: [reads('objects that cannot be restored')],
  expiredDeltaStatus: [reads('a link that has expired: 404'), reads('a link that has expired: 410')],
  compliantStates: [reads('says yes to whatever Intune calls compliant')],
  unknownDevice: [retrieval('one that is not enrolled is not managed: %s')],
  malformedValue: [reads('calls no device enrolled')],
  macAnswerIdentifiers: [retrieval('a device is found by its address, and named by its id if the service tells it')],
  complianceQueryMaxSize: [retrieval('the list is whole in pages of %i')],
  complianceWallRetryAfter: [['polling/compliance-only', 'that another program ran into is respected: Retry-After %s']],
};

/** Ways to spoil an answer; those to refuse one are among the quirks. */
const SCRIPTS: Readonly<Record<string, readonly Shown[]>> = {
  truncated: [lists('truncated JSON')],
  cut: [lists('an answer that breaks off')],
  stalled: [lists('an answer that stalls')],
  reset: [lists('a connection reset before the answer')],
  captivePortal: [lists('the page of a captive portal')],
  tooManyRequests: [lists('429 without Retry-After')],
  cancelledOnServiceTimeout: [lists('503 with JSON inside JSON')],
  gatewayTimeout: [lists('504 in the middle of paging')],
  forbidden: [lists('403 now and then with a good token')],
  serviceUnavailable: [reads('503')],
  temporarilyUnavailable: [signIn('Entra is unavailable for a while')],
};

const readme = await readFile(new URL('../../local/intune-tenant/README.md', import.meta.url), 'utf8');

/** Rows of the table below a heading, without its head. */
function rows(heading: string): string[][] {
  const section = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const cells = section.split('\n').filter((line) => line.startsWith('| '));
  return cells.slice(2 - 1).flatMap((line) => {
    const row = line.slice(2, -2).split(' | ');
    return row[0]?.startsWith('---') ? [] : [row];
  });
}

const quoted = (text: string): string[] => [...text.matchAll(/`"?(\w+)"?`/g)].map(([, name]) => String(name));

describe('every quirk of the simulated tenant has a test of the connector', () => {
  test('quirks, as its README lists them', () => {
    expect(Object.keys(QUIRKS).sort()).toEqual(
      rows('Quirks and how to switch them on')
        .map(([name]) => name)
        .sort(),
    );
  });

  test('switches, except those that switch a quirk on', () => {
    const switches = rows('Switches').flatMap(([name = '']) => quoted(name));
    expect(switches.toSorted()).toEqual(Object.keys(USUAL_BEHAVIOUR).sort());
    const ofQuirks = new Set(rows('Quirks and how to switch them on').flatMap(([, how = '']) => quoted(how)));
    expect(Object.keys(SWITCHES).sort()).toEqual(switches.filter((name) => !ofQuirks.has(name)).sort());
  });

  test('scripts that refuse or spoil an answer', () => {
    const scripts = Object.fromEntries(rows('Scripts').map(([name = '', what = '']) => [name, quoted(what)]));
    expect(Object.keys(SCRIPTS).sort()).toEqual(
      [...(scripts['`answer`'] ?? []), ...(scripts['`damage`'] ?? [])].sort(),
    );
  });

  test('and each of these tests is there', async () => {
    for (const [file, title] of [QUIRKS, SWITCHES, SCRIPTS].flatMap((each) => Object.values(each).flat())) {
      const source = await readFile(new URL(`../integration/${file}.test.ts`, import.meta.url), 'utf8');
      expect(source.includes(title), `${file}: ${title}`).toBe(true);
    }
  });
});
