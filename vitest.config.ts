import { configDefaults, defineConfig } from 'vitest/config';
import { missingPeers, REAL_PEER_TESTS } from './scripts/real-peers.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...testsLeftOut(process.env)],
    pool: 'forks',
    // Two cores: more files at once only make every one of them slower.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ['test/support/fail-on-leaks.ts'],
    restoreMocks: true,
    unstubEnvs: true,
  },
});

/** Without the real peers the other tests still run; where the peers are required, their absence is a failure. */
function testsLeftOut(env: NodeJS.ProcessEnv): string[] {
  const missing = missingPeers(env);
  if (missing.length === 0) return [];
  const how = `  apt-get install ${missing.join(' ')}`;
  if (env['REQUIRE_REAL_PEERS'] === '1')
    throw new Error(`Real peers are required, but these packages are missing:\n${how}`);
  process.stderr.write(
    `\nLeft out, because they need programs that are not installed here:\n  ${REAL_PEER_TESTS.join('\n  ')}\n` +
      `On Debian or Ubuntu, this brings them:\n${how}\n\n`,
  );
  return REAL_PEER_TESTS;
}
