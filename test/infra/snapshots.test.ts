// What each sample would make in Azure is what the kept snapshot says.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SAMPLES, snapshot } from '../../scripts/bicep.ts';
import { bicepFiles, ROOT } from './deployment.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nac-snapshot-'));
  cpSync(join(ROOT, 'infra'), join(folder, 'infra'), { recursive: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('snapshots', () => {
  test.each(SAMPLES)('%s is as kept', async (sample) => {
    const differs = await snapshot('validate', join(ROOT, `infra/${sample}.bicepparam`)).then(
      () => '',
      (error: Error & { stdout?: string }) =>
        `npm run snapshots writes it again\n${error.stdout ?? ''}${error.message}`,
    );
    expect(differs).toBe('');
  });

  test('are kept for every sample of infra/main.bicep', () => {
    const paths = bicepFiles().map(({ path }) => path);
    const samples = paths.filter((path) => /^infra\/[^/]+\.bicepparam$/.test(path));
    expect(samples.toSorted()).toEqual(SAMPLES.map((sample) => `infra/${sample}.bicepparam`).toSorted());
  });

  test('show a change', async () => {
    const file = join(folder, 'infra/dev.bicepparam');
    writeFileSync(file, readFileSync(file, 'utf8').replace('instanceMemoryMB = 512', 'instanceMemoryMB = 4096'));
    await expect(snapshot('validate', file)).rejects.toThrow();
  });
});
