// Tests that need the Bicep compiler, or the types of Microsoft Graph for it, and how to get either.

import { findBicep } from './bicep.ts';
import type { LeftOut } from './real-peers.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Needs the types of Bicep's Microsoft Graph extension, too. */
const IDENTITY_TEST = 'test/infra/identity.test.ts';

const COMPILER_TESTS = [
  'test/infra/alerts.test.ts',
  'test/infra/app-settings.test.ts',
  'test/infra/bicep-lint.test.ts',
  IDENTITY_TEST,
  'test/infra/hardening.test.ts',
  'test/infra/key-credentials-bicep.test.ts',
  'test/infra/role-assignments.test.ts',
  'test/infra/refused-parameters.test.ts',
  'test/infra/snapshots.test.ts',
];

/** Compiler tests that cannot run here; without one, nothing. */
export function compilerTestsLeftOut(env: Env): LeftOut | undefined {
  if (findBicep(env) === undefined) {
    return notice(
      COMPILER_TESTS,
      'the Bicep compiler',
      'bash .ci/install-bicep (with dotnet), az bicep install, or BICEP=<path of the program>',
    );
  }
  // Where every test must run, the compiler asks Microsoft's registry for what is not given.
  if (env['GRAPH_BICEP_TYPES'] || mustRun(env)) return undefined;
  return notice(
    [IDENTITY_TEST],
    "the types of Bicep's Microsoft Graph extension v1.0:1.0.0",
    'GRAPH_BICEP_TYPES=<folder with its index.json and types.json>, or REQUIRE_REAL_PEERS=1 where mcr.microsoft.com is reached',
  );
}

/** Whether leaving a test out is a failure: in CI, and wherever it is asked for. */
export function mustRun(env: Env): boolean {
  return env['REQUIRE_REAL_PEERS'] === '1' || env['CI'] === 'true';
}

function notice(tests: readonly string[], missing: string, how: string): LeftOut {
  return {
    tests,
    notice: `Left out, because they need ${missing}:\n  ${tests.join('\n  ')}\nThis brings it:\n  ${how}\n`,
  };
}
