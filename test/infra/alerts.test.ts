// Alerts run at times that Azure knows, look back far enough, and are explained. Their queries: kusto.test.ts.

import { describe, expect, test } from 'vitest';
import { SAMPLES } from '../../scripts/bicep.ts';
import { compiledTemplate } from './compiled.ts';
import { ofType, type PredictedResource, predicted, read, valueAt } from './deployment.ts';

const operations = read('docs/operations.md');
const alerts = alertsOf(predicted('prod'));

describe('alerts', () => {
  test('of every log query are in docs/operations.md, which says what to do', () => {
    const names = alerts.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(5);
    expect([...names, 'dead-letters'].filter((name) => !operations.includes(`| \`${name}\` |`))).toEqual([]);
  });

  test('that docs/operations.md explains are there', () => {
    const rows = operations.slice(operations.indexOf('| alert | when |')).split('\n\n')[0] ?? '';
    const explained = [...rows.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
    expect(explained.toSorted()).toEqual([...alerts.map(({ name }) => name), 'dead-letters'].toSorted());
  });

  test.each(alerts)('$name is run at times that Azure Monitor knows', ({ window, frequency }) => {
    expect([5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880]).toContain(window);
    expect(frequency).toBeLessThanOrEqual(window);
    expect(frequency).toBeGreaterThanOrEqual(5);
  });

  test('about what a person did fire each time, so that one change hides no other', () => {
    const each = ofType(predicted('prod'), 'Microsoft.Insights/scheduledQueryRules').filter(
      (rule) => valueAt(rule, 'properties.autoMitigate') === false,
    );
    const names = each.map(({ name }) => name.replace(/^alert-[a-z0-9]+-/, ''));
    expect(names.toSorted()).toEqual(['changes-released', 'client-made', 'policy-in-force']);
    // One alert each: no time is looked at twice.
    for (const { name, window, frequency } of alerts.filter((alert) => names.includes(alert.name))) {
      expect(window, name).toBe(frequency);
    }
  });

  test('about errors counts answers over HTTP alone: timers are requests as well, with a result of 0', () => {
    expect(queryOf('errors')).toMatch(/^AppRequests \| where toint\(ResultCode\) >= 100 /);
  });

  test('about errors is deaf to a stranger whose body is over the limit of the host', () => {
    expect(queryOf('errors')).toMatch(/join kind=leftanti \(AppExceptions \| where .*"Request body too large"/);
  });

  test('about errors takes a 503 from the lines that name a client, so that no stranger rings it', () => {
    expect(queryOf('errors')).toContain('toint(ResultCode) != 503');
    expect(queryOf('errors')).toContain('requests = iff(isempty(tostring(line.client)), 0,');
  });

  test('about errors is drowned by no stranger: the share is of failures and of answers that only clients get', () => {
    expect(queryOf('errors')).toContain(
      'failed = sumif(requests, code >= 500), answered = sumif(requests, code < 300)',
    );
    expect(queryOf('errors')).toMatch(/failed \* 100 > \(failed \+ answered\) \* \d+/);
    // The one route that answers everybody.
    expect(queryOf('errors')).toContain('Name != "health"');
  });

  test('about slow lookups looks at answers alone: a refused stranger waits up to two seconds', () => {
    expect(queryOf('slow-lookups')).toContain('ResultCode == "200"');
  });

  test('about refused requests counts every kind: key, key not checked, body over the limit of the route or of the host', () => {
    const query = queryOf('refused-requests');
    for (const kind of [
      '"client.refused"',
      '"client.not-checked"',
      '"request.too-large"',
      '"Request body too large"',
    ]) {
      expect(query).toContain(kind);
    }
  });

  test('about a missing poll looks back far enough for the longest interval', async () => {
    const longest = (await compiledTemplate()).parameters?.['pollingIntervalMinutes']?.maxValue;
    expect(longest).toBeGreaterThan(0);
    const alert = alerts.find(({ name }) => name === 'no-poll');
    expect(alert?.window).toBeGreaterThanOrEqual(2 * Number(longest));
    expect(queryOf('no-poll')).toContain('ago(240m)');
    expect(alertsOf(predicted('dev')).find(({ name }) => name === 'no-poll')?.query).toContain('ago(30m)');
  });

  test.each(SAMPLES)('about dead letters is in %s, at its namespace', (sample) => {
    const [alert] = ofType(predicted(sample), 'Microsoft.Insights/metricAlerts');
    expect(JSON.stringify(valueAt(alert, 'properties.scopes'))).toContain('Microsoft.ServiceBus/namespaces/sb-');
  });

  test('do not count on lines that sampling may drop, and count sampled rows by how many each stands for', () => {
    const { excludedTypes } = JSON.parse(read('host.json')).logging.applicationInsights.samplingSettings;
    expect(excludedTypes.split(';')).toContain('Trace');
    const workbook = read('infra/modules/workbook.bicep').match(/query: 'AppRequests.*/g) ?? [];
    const onRows = [...alerts.map(({ query }) => query), ...workbook].filter((query) =>
      /AppRequests|AppExceptions/.test(query),
    );
    expect(onRows.length).toBeGreaterThan(3);
    for (const query of onRows) {
      expect(query).toContain('ItemCount');
      expect(query).not.toMatch(/count\(\)|countif\(toint\(ResultCode|percentile\(/);
    }
  });
});

function queryOf(wanted: string): string {
  return alerts.find(({ name }) => name === wanted)?.query ?? '';
}

function alertsOf(resources: readonly PredictedResource[]) {
  return ofType(resources, 'Microsoft.Insights/scheduledQueryRules').map((rule) => ({
    name: rule.name.replace(/^alert-[a-z0-9]+-/, ''),
    query: String((valueAt(rule, 'properties.criteria.allOf') as { query: string }[])[0]?.query),
    window: isoMinutes(valueAt(rule, 'properties.windowSize')),
    frequency: isoMinutes(valueAt(rule, 'properties.evaluationFrequency')),
  }));
}

function isoMinutes(text: unknown): number {
  const [, days = 0, hours = 0, minutes = 0] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(String(text)) ?? [];
  return (Number(days) * 24 + Number(hours)) * 60 + Number(minutes);
}
