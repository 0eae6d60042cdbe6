// The queries of alerts, workbook and documents are right for Kusto, and look at events and fields that the code logs.

import { globSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { AGE_BUCKETS } from '../../shared/domain/age-bucket.ts';
import { INSTRUMENTS, type InstrumentName, LABELS } from '../../shared/ports/instruments.ts';
import { ofType, predicted, read, valueAt } from './deployment.ts';
import { kustoDiagnostics } from './kusto.ts';

interface Query {
  readonly name: string;
  readonly query: string;
}

const prod = predicted('prod');
const alerts = ofType(prod, 'Microsoft.Insights/scheduledQueryRules').map((rule): Query => {
  const [condition] = valueAt(rule, 'properties.criteria.allOf') as { query: string }[];
  return { name: rule.name, query: condition?.query ?? '' };
});

const [workbook] = ofType(prod, 'Microsoft.Insights/workbooks');
const charts = queriesOf(String(valueAt(workbook, 'properties.serializedData')));
const documents = globSync('docs/**/*.md').flatMap((path) => documentQueries(path));
const sources = globSync('{functions,shared,relay}/**/*.ts').map(read);
const EVERYWHERE = [...alerts, ...charts, ...documents];

describe('Kusto', () => {
  test('has queries to read in alerts, workbook and documents', () => {
    expect(alerts.length).toBeGreaterThan(5);
    expect(charts.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['freshness', 'decisions-by-rule', 'jobs-by-stage', 'held-runs', 'credential-days']),
    );
    expect(documents.length).toBeGreaterThan(3);
  });

  test.each(EVERYWHERE)('finds nothing wrong with $name', ({ query }) => {
    expect(kustoDiagnostics(query)).toEqual([]);
  });

  test.each([
    ['a column that is not there', 'AppTraces | where Massage has "event"'],
    ['a table that is not there', 'Traces | take 1'],
    ['a function that is not there', 'AppTraces | extend line = parse_jason(Message)'],
    ['a text compared with a number', 'AppRequests | where ResultCode >= 500'],
    ['a bracket too few', 'AppRequests | summarize count( by Name'],
  ])('would find %s', (_what, query) => {
    expect(kustoDiagnostics(query)).not.toEqual([]);
  });
});

describe('queries over metrics', () => {
  const onMetrics = EVERYWHERE.filter(({ query }) => query.includes('AppMetrics'));
  const named = (query: string, form: RegExp) => [...query.matchAll(form)].map(([, name = '']) => name);

  test.each(onMetrics)('$name: the code counts it, with these labels', ({ query }) => {
    const names = named(query, /\bName == "([^"]+)"/g);
    expect(names).not.toEqual([]);
    expect(names.filter((name) => !(name in INSTRUMENTS))).toEqual([]);
    const known = names.flatMap((name) => INSTRUMENTS[name as InstrumentName].labels as readonly string[]);
    expect(named(query, /Properties\["([^"]+)"\]/g).filter((label) => !known.includes(label))).toEqual([]);
  });

  test('of the freshness objective know every step of ages, and both words', () => {
    const of = (wanted: string) => onMetrics.find(({ name }) => name.endsWith(wanted))?.query ?? '';
    expect(of('freshness-objective')).toContain(`dynamic(${JSON.stringify(AGE_BUCKETS)})`);
    expect(LABELS['nac.objective'].values).toEqual(['met', 'missed']);
    expect(of('freshness-budget')).toContain('== "missed"');
  });
});

describe('queries over lines', () => {
  const onEvents = EVERYWHERE.flatMap(({ name, query }) => {
    return eventsOf(query).map((event) => ({ name, event, fields: fieldsOf(query) }));
  });

  test.each(onEvents)('$name: the code logs $event', ({ event }) => {
    expect(logging(event), `nothing logs the event ${event}`).not.toEqual([]);
  });

  test.each(EVERYWHERE.filter(({ query }) => eventsOf(query).length > 0))(
    '$name: each field is one that some of its events are logged with',
    ({ query }) => {
      const texts = eventsOf(query).flatMap(logging);
      const unknown = fieldsOf(query).filter((field) => !texts.some((text) => new RegExp(`\\b${field}\\b`).test(text)));
      // Written by the logger of every line, or by the count of refused requests.
      expect(
        unknown.filter((field) => !['level', 'time', 'event', 'requests', 'code', 'message', 'action'].includes(field)),
      ).toEqual([]);
    },
  );
});

function logging(event: string): string[] {
  const logged = new RegExp(
    `(\\.(info|warn|error)|\\])\\(\\s*'${event.replaceAll('.', '\\.')}'|'${event.replaceAll('.', '\\.')}'`,
  );
  return sources.filter((text) => logged.test(text));
}

function eventsOf(query: string): string[] {
  const equal = [...query.matchAll(/event\)? == "([^"]+)"/g)].map(([, event = '']) => event);
  const among = [...query.matchAll(/event\)? in \(([^)]+)\)/g)].flatMap(([, list = '']) => {
    return [...list.matchAll(/"([^"]+)"/g)].map(([, event = '']) => event);
  });
  return [...new Set([...equal, ...among])];
}

function fieldsOf(query: string): string[] {
  return [
    ...new Set([...query.matchAll(/\bline(?:\.(\w+)|\["(\w+)"\])/g)].map(([, plain, quoted]) => plain ?? quoted ?? '')),
  ];
}

function queriesOf(serialized: string): Query[] {
  const { items } = JSON.parse(serialized) as { items: { name: string; content: { query?: string } }[] };
  // The workbook puts the grain of the chosen time in place of the parameter.
  return items.flatMap(({ name, content: { query } }) =>
    query ? [{ name, query: query.replaceAll('{time:grain}', '1h') }] : [],
  );
}

/**
 * Blocks of Kusto in a document; rows of its table of questions go on after the first two lines of the block before.
 */
function documentQueries(path: string): Query[] {
  const text = read(path);
  const blocks = [...text.matchAll(/```kusto\n([\s\S]*?)```/g)].map(([, query = '']) => query);
  const first = blocks[0]?.split('\n').slice(0, 2).join('\n');
  const rows = [...text.matchAll(/^\| .+ \| `(where (?:[^`]|\\\|)+)`/gm)].map(([, row = '']) => {
    return `${first}\n| ${row.replaceAll('\\|', '|')}`;
  });
  return [...blocks, ...rows].map((query, i) => ({ name: `${path} ${i + 1}`, query }));
}
