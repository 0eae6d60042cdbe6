// Log lines are one JSON object a line, whatever the fields hold.

import { expect, test } from 'vitest';
import { createJsonLineLogger } from '../../../../shared/adapters/system/json-line-logger.ts';
import { systemClock } from '../../../../shared/adapters/system/system-clock.ts';
import type { Logger } from '../../../../shared/ports/telemetry.ts';

const clock = { ...systemClock, now: () => new Date('2026-11-20T10:00:00Z') };

function logged(log: (logger: Logger) => void): { level: string; line: string }[] {
  const lines: { level: string; line: string }[] = [];
  log(createJsonLineLogger(clock, (level, line) => lines.push({ level, line })));
  return lines;
}

test.each(['info', 'warn', 'error'] as const)(
  '%s writes one JSON object with time, level, event and fields',
  (level) => {
    const lines = logged((logger) => logger[level]('poll.run', { pages: 3, result: 'complete' }));
    expect(lines.map((line) => line.level)).toEqual([level]);
    expect(JSON.parse(lines[0]?.line ?? '')).toEqual({
      time: '2026-11-20T10:00:00.000Z',
      level,
      event: 'poll.run',
      pages: 3,
      result: 'complete',
    });
  },
);

test('an event without fields is logged, too', () => {
  expect(JSON.parse(logged((logger) => logger.info('started'))[0]?.line ?? '')).toMatchObject({ event: 'started' });
});

test('a line end in a device name starts no second line', () => {
  const [entry] = logged((logger) => logger.warn('x', { name: 'LT\r\n{"level":"error"}' }));
  expect(entry?.line).not.toMatch(/[\r\n]/);
  expect(JSON.parse(entry?.line ?? '')).toMatchObject({ name: 'LT\r\n{"level":"error"}' });
});

test('a field cannot pass for the time, the level or the event', () => {
  const fields = { time: 'never', level: 'info', event: 'nothing happened' };
  const [entry] = logged((logger) => logger.error('lookup.failed', fields));
  expect(JSON.parse(entry?.line ?? '')).toMatchObject({
    time: '2026-11-20T10:00:00.000Z',
    level: 'error',
    event: 'lookup.failed',
  });
});
