// What each sample would make in Azure is what the kept snapshot says.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SAMPLES } from '../../scripts/bicep.ts';
import { type BicepServer, type Prediction, startBicepServer } from './bicep-server.ts';
import { bicepFiles, ROOT, read } from './deployment.ts';

let folder: string;
let bicep: BicepServer;

beforeAll(() => {
  bicep = startBicepServer();
  folder = mkdtempSync(join(tmpdir(), 'nac-snapshot-'));
  cpSync(join(ROOT, 'infra'), join(folder, 'infra'), { recursive: true });
});

afterAll(async () => {
  await bicep.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('snapshots', () => {
  test.each(SAMPLES)('%s is as kept', async (sample) => {
    const now = await bicep.predict(join(ROOT, `infra/${sample}.bicepparam`));
    expect(now, 'npm run snapshots writes it again').toEqual(kept(sample));
  });

  test('are kept for every sample of infra/main.bicep', () => {
    const paths = bicepFiles().map(({ path }) => path);
    const samples = paths.filter((path) => /^infra\/[^/]+\.bicepparam$/.test(path));
    expect(samples.toSorted()).toEqual(SAMPLES.map((sample) => `infra/${sample}.bicepparam`).toSorted());
  });

  test('show a change', async () => {
    const file = join(folder, 'infra/dev.bicepparam');
    writeFileSync(file, readFileSync(file, 'utf8').replace('instanceMemoryMB = 512', 'instanceMemoryMB = 4096'));
    const { predictedResources } = await bicep.predict(file);
    expect(predictedResources).not.toEqual(kept('dev').predictedResources);
  });
});

function kept(sample: string): Prediction {
  return JSON.parse(read(`infra/${sample}.snapshot.json`));
}
