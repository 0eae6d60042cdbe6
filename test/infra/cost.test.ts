// docs/cost.md shows what the model says, and the model says what is sensible.

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { EXAMPLE_LOAD, EXAMPLE_PRICES, type Load } from '../../scripts/cost-example.ts';
import {
  estimateCost,
  LOG_ALERTS,
  SAMPLED_ROWS_PER_SECOND,
  strangersGigabytesPerDay,
  TABLE_REQUESTS,
  TABLE_REQUESTS_PER_COA,
} from '../../scripts/cost-model.ts';
import { costTable } from '../../scripts/cost-table.ts';
import { ofType, predicted, ROOT, valueAt } from './deployment.ts';

const run = promisify(execFile);
const document = readFileSync(join(ROOT, 'docs/cost.md'), 'utf8');
const total = (change: Partial<Load>) => estimateCost({ ...EXAMPLE_LOAD, ...change }, EXAMPLE_PRICES).total;

describe('docs/cost.md', () => {
  test('shows the estimate for its example', () => {
    const shown = /<!-- npm run cost -->\n([\s\S]*?)\n<!-- end -->/.exec(document)?.[1]?.trim();
    expect(shown).toBe(costTable(estimateCost(EXAMPLE_LOAD, EXAMPLE_PRICES)));
  });

  test('lists the counts that tests have counted', () => {
    const counts = [...document.matchAll(/^\| .+ \| ((?:up to )?\d[^|]*) \|$/gm)].map(([, text]) => text?.trim() ?? '');
    const numbers = counts.flatMap((text) => [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits)));
    for (const count of [...Object.values(TABLE_REQUESTS), TABLE_REQUESTS_PER_COA]) expect(numbers).toContain(count);
  });
});

describe('a stranger', () => {
  test('costs a bounded sum a day and instance, which docs/cost.md names', () => {
    const named = Number(/at most ([\d.]+) GB of logs a day for each instance/.exec(document)?.[1]);
    expect(strangersGigabytesPerDay(1)).toBeLessThanOrEqual(named);
    expect(strangersGigabytesPerDay(1)).toBeGreaterThan(named * 0.9);
  });

  test('writes no more rows a second than host.json keeps, of requests and of exceptions', () => {
    const { samplingSettings: sampling } = JSON.parse(readFileSync(join(ROOT, 'host.json'), 'utf8')).logging
      .applicationInsights;
    expect(sampling.isEnabled).toBe(true);
    expect(sampling.maxTelemetryItemsPerSecond).toBe(SAMPLED_ROWS_PER_SECOND);
    expect(sampling.excludedTypes.split(';')).toEqual(['Event', 'Trace']);
    // A hundred thousand requests a second are a row a second still.
    expect(sampling.minSamplingPercentage / 100).toBeLessThanOrEqual(1e-4);
  });
});

describe('the estimate', () => {
  test('rests on numbers of which each is held by the test that its comment names', () => {
    const model = readFileSync(join(ROOT, 'scripts/cost-model.ts'), 'utf8');
    const commented = [...model.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export const (\w+)/g)];
    const held = commented.flatMap(([, comment = '', name = '']) => {
      const [path] = /test\/[\w/-]+\.test\.ts/.exec(comment) ?? [];
      return path === undefined ? [] : [{ name, path }];
    });
    expect(held.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['TABLE_REQUESTS', 'LINE_KB', 'METRIC_KB', 'SPAN_KB', 'LOG_ALERTS']),
    );
    for (const { path, name } of held) {
      expect.soft(readFileSync(join(ROOT, path), 'utf8'), `${path} should use ${name}`).toContain(name);
    }
  });

  test('stays within 8 GB of lines, metrics and spans a month for the example', () => {
    expect(estimateCost(EXAMPLE_LOAD, EXAMPLE_PRICES).amounts.logGigabytes).toBeLessThanOrEqual(8);
  });

  test('grows with what is asked of it, and falls with what is left out', () => {
    const usual = total({});
    expect(total({ devices: 50_000 })).toBeGreaterThan(usual);
    expect(total({ changesPerDay: 100_000 })).toBeGreaterThan(usual);
    expect(total({ alwaysReadyInstances: 3 })).toBeGreaterThan(usual);
    expect(total({ privateEndpoints: true })).toBeGreaterThan(usual + 600);
    expect(total({ instanceMemoryMB: 512 })).toBeLessThan(usual);
    expect(total({ sites: 0 })).toBeLessThan(usual);
  });

  test('bills the log alerts that the template makes, each by how often it looks', () => {
    const often = ofType(predicted('prod'), 'Microsoft.Insights/scheduledQueryRules').map((rule) =>
      valueAt(rule, 'properties.evaluationFrequency'),
    );
    expect(often.filter((frequency) => frequency === 'PT5M')).toHaveLength(LOG_ALERTS.every5Minutes);
    expect(often.filter((frequency) => frequency !== 'PT5M')).toHaveLength(LOG_ALERTS.every15Minutes);
    // None looks oftener than the prices say.
    expect(often.filter((frequency) => !['PT5M', 'PT15M', 'PT6H'].includes(String(frequency)))).toEqual([]);
  });

  test('never bills an instance for more seconds than a month has', () => {
    const busy = estimateCost({ ...EXAMPLE_LOAD, devices: 10_000_000, changesPerDay: 0 }, EXAMPLE_PRICES);
    const most =
      30.4 *
      86_400 *
      2 *
      (EXAMPLE_PRICES.alwaysReadyGigabyteSecond + EXAMPLE_PRICES.alwaysReadyExecutionGigabyteSecond);
    expect(busy.costs['Lookups (memory x time)']).toBeLessThanOrEqual(most * 1.000001);
  });

  test('is free of what is not used, and of what is included', () => {
    const nothing = estimateCost(
      { ...EXAMPLE_LOAD, devices: 0, changesPerDay: 0, alwaysReadyInstances: 0, sites: 0 },
      EXAMPLE_PRICES,
    );
    expect(nothing.costs['Lookups (memory x time)']).toBe(0);
    expect(nothing.costs['Service Bus']).toBe(0);
    expect(estimateCost(EXAMPLE_LOAD, EXAMPLE_PRICES).costs['Service Bus']).toBe(EXAMPLE_PRICES.serviceBusStandard);
  });
});

describe('npm run cost', () => {
  const cost = (...args: string[]) => run(process.execPath, [join(ROOT, 'cli/estimate-cost.ts'), ...args]);

  test('prints the table for a load and prices of one’s own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'nac-cost-'));
    try {
      writeFileSync(join(folder, 'prices.json'), JSON.stringify({ logGigabyte: 0, logAlertEvery5Minutes: 0 }));
      const { stdout } = await cost('--devices', '2000', '--prices', join(folder, 'prices.json'));
      const load = { ...EXAMPLE_LOAD, devices: 2000 };
      expect(stdout.trim()).toBe(
        costTable(estimateCost(load, { ...EXAMPLE_PRICES, logGigabyte: 0, logAlertEvery5Minutes: 0 })),
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test.each([
    ['--devices', 'many'],
    ['--devices', '-1'],
    ['--colour', 'blue'],
  ])('refuses %s %s and says what it takes', async (...args) => {
    const refused = await cost(...args).catch((error) => error);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('npm run cost -- ');
  });
});
