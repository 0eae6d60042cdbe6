// Lines of the functions are found in the output of every host that runs them.

import { expect, test } from 'vitest';
import { readAppLine } from '../../../local/read-app-line.ts';

const LINE = '{"devices":500,"level":"info","event":"poll.run"}';

test.each([
  ['the embedded host', LINE],
  ['the .NET host, which indents', `      ${LINE}`],
  ['Core Tools, which put the time before', `[2026-11-30T07:30:00.123Z] ${LINE}`],
  ['a console with carriage returns', `${LINE}\r`],
])('of %s', (_host, line) => {
  expect(readAppLine(line)).toEqual({ devices: 500, level: 'info', event: 'poll.run' });
});

test.each([
  'Functions:',
  '      Host lock lease acquired by instance ID',
  '{"no":"event"}',
  '{"event":',
  '[2026-11-30T07:30:00.123Z] Executing {"event',
])('"%s" is no line of ours', (line) => {
  expect(readAppLine(line)).toBeUndefined();
});
