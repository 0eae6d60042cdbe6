// Every fault of the table can still be undone: what was mended stands where it stood.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MUTATIONS } from './mutations.ts';
import { mutated } from './undo.ts';

test.each(Object.entries(MUTATIONS))('%s', async (name, { file }) => {
  const text = await readFile(join(import.meta.dirname, '../../..', file), 'utf8');
  expect(mutated(text, name)).not.toBe(text);
});
