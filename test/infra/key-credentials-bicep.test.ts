// What `npm run key-credentials -- --for bicep` prints goes into a parameter file as it is.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBicep } from '../../scripts/bicep.ts';
import { ROOT } from './deployment.ts';

test('the compiler reads the certificate back, with a name that needs quotes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nac-key-credentials-'));
  try {
    const pem = join(folder, 'odd.pem');
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', "/CN=o'clock $" + '{x}'];
    execFileSync('openssl', [...request, '-keyout', join(folder, 'odd.key'), '-out', pem], { stdio: 'ignore' });
    const printed = execFileSync(process.execPath, [join(ROOT, 'cli/key-credentials.ts'), '--for', 'bicep', pem], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    writeFileSync(join(folder, 'x.bicepparam'), `using none\n\nparam certificates = [\n${printed}]\n`);
    const { stdout } = await runBicep(['build-params', join(folder, 'x.bicepparam'), '--stdout']);
    const [certificate] = JSON.parse(JSON.parse(stdout).parametersJson).parameters.certificates.value;
    const der = execFileSync('openssl', ['x509', '-in', pem, '-outform', 'DER']).toString('base64');
    expect(certificate).toMatchObject({ displayName: "CN=o'clock $" + '{x}', key: der });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
