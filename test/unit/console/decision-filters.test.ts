// Filters of the list of decisions: what the API answers, what the page looks for itself, and what the export says.

import { describe, expect, test } from 'vitest';
import { splitFilters } from '../../../console/pages/decisions/decision-filters.ts';
import {
  decisionsCsv,
  decisionsJson,
  exportName,
  MOST_EXPORTED,
} from '../../../console/pages/decisions/decisions-export.ts';
import { DEVICE_ID } from '../../support/a-device.ts';
import { aDecision, aSession } from '../../support/a-session.ts';

const ROW = aSession({ method: 'mab' });

describe('filters of the list of decisions', () => {
  test('a time range is always asked for', () => {
    expect(splitFilters({}).search).toEqual({ since: '24h' });
    expect(splitFilters({ since: '7d' }).search).toEqual({ since: '7d' });
  });

  test.each([
    [{ device: DEVICE_ID }, { device: DEVICE_ID }],
    [{ mac: 'A0-B1-C2-D3-E4-F5' }, { mac: 'a0b1c2d3e4f5' }],
    [{ mac: 'a0b1.c2d3.e4f5' }, { mac: 'a0b1c2d3e4f5' }],
    [{ user: 'anna@example.com' }, { user: 'anna@example.com' }],
    [{ user: 'CORP\\anna' }, { user: 'CORP\\anna' }],
    [
      { rule: 'guest', observed: 'true' },
      { rule: 'guest', observed: 'true' },
    ],
  ])('the API answers %j', (filters, search) => {
    const split = splitFilters(filters);
    expect(split.search).toEqual({ since: '24h', ...search });
    expect(split.isWholeByApi).toBe(true);
  });

  test.each([
    [{ nas: 'SWITCH*' }, true],
    [{ nas: '10.1.*' }, true],
    [{ nas: 'switch-b*' }, false],
    [{ port: 'gi1/0/7' }, true],
    [{ port: 'Gi*7' }, true],
    [{ port: '7*Gi' }, false],
    [{ port: 'Gi1/0/8' }, false],
    [{ source: 'store' }, true],
    [{ source: 'live' }, false],
    [{ age: '0s' }, true],
    [{ age: '4h' }, false],
    [{ mac: 'd3:e4:f5' }, true],
    [{ mac: 'ffffff' }, false],
    [{ user: 'lic' }, true],
    [{ device: DEVICE_ID.slice(0, 8) }, true],
  ])('the page looks for %j itself', (filters, kept) => {
    const split = splitFilters(filters);
    expect(split.search).toEqual({ since: '24h' });
    expect(split.isWholeByApi).toBe(false);
    expect(split.keep(ROW)).toBe(kept);
  });

  test('a random address, which the API does not index, is looked for by the page', () => {
    const random = 'a2b1c2d3e4f5';
    const { mac: _, ...withoutMac } = ROW;
    const facts = {
      at: '2026-11-20T10:00:00.000Z',
      site: 'hq',
      standing: 'unidentified',
      marks: [],
      mac: random,
    } as const;
    const row = { ...withoutMac, decision: aDecision({ facts }) };
    const split = splitFilters({ mac: random });
    expect(split.search).toEqual({ since: '24h' });
    expect(split.keep(row)).toBe(true);
  });
});

describe('the export of decisions', () => {
  test('has the time in UTC and in the zone of the reader', () => {
    const [header = '', line = ''] = decisionsCsv([ROW], () => '2026-11-20 19:00:00 JST')
      .slice(1)
      .split('\r\n');
    expect(header.split(',').slice(0, 2)).toEqual(['"time (UTC)"', '"time (local)"']);
    expect(line.split(',').slice(0, 2)).toEqual(['"2026-11-20T10:00:00.000Z"', '"2026-11-20 19:00:00 JST"']);
    expect(line.split(',')).toHaveLength(header.split(',').length + 1);
  });

  test('a user name that is a formula is a text', () => {
    expect(decisionsCsv([{ ...ROW, userName: '=2+3' }], () => '')).toContain(`"'=2+3"`);
  });

  test('holds as many rows as it says, and says that it was cut', () => {
    const rows = Array.from({ length: MOST_EXPORTED + 1 }, () => ROW);
    expect(
      decisionsCsv(rows, () => '')
        .trim()
        .split('\r\n'),
    ).toHaveLength(MOST_EXPORTED + 1);
    const cut = JSON.parse(decisionsJson(rows, { complete: true }));
    expect(cut.complete).toBe(false);
    expect(cut.decisions).toHaveLength(MOST_EXPORTED);
  });

  test('its name fits every file system', () => {
    expect(exportName('2026-11-30T23:15:02.123Z', 'csv')).toBe('decisions-2026-11-30T231502Z.csv');
  });
});
