// What the doctor shows of a device that several sources know.

import { expect, test } from 'vitest';
import { renderDevice } from '../../../shared/doctor/render-device.ts';
import { aDevice, aStoredDevice, DEVICE_ID } from '../../support/a-device.ts';

const VIEW = {
  asked: DEVICE_ID,
  askedAs: 'id',
  id: DEVICE_ID,
  stored: aStoredDevice(),
  others: [],
  answers: [],
} as const;

test('each source stands with its verdict and its age, and with the reason why one of them counts', () => {
  const verdict = { version: 7, marks: [], asOf: '2026-11-20T10:00:00.000Z' } as const;
  const text = renderDevice({
    ...VIEW,
    joined: {
      records: [aStoredDevice({ device: aDevice({ source: 'jamf', id: '4711' }) })],
      verdicts: [
        { ...verdict, source: 'intune', id: DEVICE_ID, standing: 'compliant' },
        { ...verdict, source: 'jamf', id: '4711', standing: 'noncompliant', marks: ['stale'] },
      ],
      counts: 'jamf',
      because: 'worst',
    },
  });
  expect(text).toContain(`    intune ${DEVICE_ID}: compliant as of 2026-11-20T10:00:00.000Z\n`);
  expect(text).toContain('    jamf 4711: noncompliant, stale as of 2026-11-20T10:00:00.000Z; counts (worst)\n');
  expect(text).toContain('  Stored of jamf\n');
});

test('one with more sources than know any device is said to be ambiguous', () => {
  expect(renderDevice({ ...VIEW, joined: { tooMany: true } })).toContain('ambiguous');
});
