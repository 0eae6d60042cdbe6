// Alerts look for events that the code logs, with the fields it logs.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bodyOf, declaration, nodesOfType, propertiesOf, ROOT, readBicepFile, textAt } from './bicep-file.ts';

const file = readBicepFile('infra/modules/alerts.bicep');
const operations = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
const sources = globSync('{functions,shared,relay}/**/*.ts', { cwd: ROOT }).map((path) => {
  return readFileSync(join(ROOT, path), 'utf8');
});

const alerts = nodesOfType(declaration(file, 'logAlerts').node, 'object')
  .map(propertiesOf)
  .filter((alert) => alert.has('query'))
  .map((alert) => ({
    name: alert.get('name')?.text.slice(1, -1) ?? '',
    query: alert.get('query')?.text ?? '',
    severity: Number(alert.get('severity')?.text),
    window: isoMinutes(alert.get('window')?.text),
    frequency: isoMinutes(alert.get('frequency')?.text),
  }));

const onEvents = alerts.flatMap(({ name, query }) => {
  return [...query.matchAll(/line\.event\) == "([^"]+)"/g)].map(([, event = '']) => ({ name, event, query }));
});

/** Fields of the event that the queries use, and the code that writes them. */
const FIELDS: Record<string, RegExp> = {
  'poll.run': /result\b/,
  'credential.days-left': /\bdays\b/,
};

describe('alerts', () => {
  it('are these', () => {
    expect(alerts.map(({ name }) => name)).toEqual([
      'no-poll',
      'breaker-tripped',
      'credential-expires',
      'errors',
      'slow-lookups',
      'job-dead-lettered',
    ]);
    expect(textAt(bodyOf(declaration(file, 'deadLetters')), 'properties', 'scopes')).toMatch(/serviceBusId/);
  });

  it.each(onEvents)('$name: the code logs $event', ({ event }) => {
    const logged = new RegExp(`(\\.(info|warn|error)|\\])\\(\\s*'${event.replaceAll('.', '\\.')}'`);
    const logging = sources.filter((text) => logged.test(text));
    expect(logging, `nothing logs the event ${event}`).not.toEqual([]);
    const field = FIELDS[event];
    if (field) expect(logging.some((text) => field.test(text))).toBe(true);
  });

  it.each(alerts)('$name looks at lines as the code writes them and the host hands them on', ({ query }) => {
    expect(query).toMatch(/\$\{lines\}|^'AppRequests/);
    expect(query).not.toContain("\\'");
  });

  it.each(alerts)('$name is run at times that Azure Monitor knows', ({ window, frequency }) => {
    expect([5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880]).toContain(window);
    expect(frequency).toBeLessThanOrEqual(window);
    expect(frequency).toBeGreaterThanOrEqual(5);
  });

  it('about errors counts answers over HTTP alone: timers are requests as well, with a result of 0', () => {
    expect(alerts.find(({ name }) => name === 'errors')?.query).toMatch(
      /AppRequests \| where toint\(ResultCode\) >= 100 \| summarize failed = countif\(toint\(ResultCode\) >= 500\), total = count\(\)/,
    );
  });

  it('about a missing poll looks back far enough for the longest interval', () => {
    const longest = /@maxValue\((\d+)\)\nparam pollingIntervalMinutes/.exec(
      readBicepFile('infra/main.bicep').text,
    )?.[1];
    const alert = alerts.find(({ name }) => name === 'no-poll');
    expect(alert?.query).toContain('overdueMinutes');
    expect(declaration(file, 'overdueMinutes').node.text).toMatch(/\? 2 \* pollingIntervalMinutes :/);
    expect(alert?.window).toBeGreaterThanOrEqual(2 * Number(longest));
  });

  it.each(alerts)('$name is in docs/operations.md, which says what to do', ({ name }) => {
    expect(operations).toContain(`\`${name}\``);
  });

  it('do not count on lines that sampling may drop', () => {
    const host = JSON.parse(readFileSync(join(ROOT, 'host.json'), 'utf8'));
    const { excludedTypes } = host.logging.applicationInsights.samplingSettings;
    expect(excludedTypes.split(';')).toEqual(expect.arrayContaining(['Request', 'Trace']));
  });
});

function isoMinutes(text = ''): number {
  const [, days = 0, hours = 0, minutes = 0] = /^'P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?'$/.exec(text) ?? [];
  return (Number(days) * 24 + Number(hours)) * 60 + Number(minutes);
}
