// The version of sources.yaml in force: whether it can be used, and which sources it defines.

import type { Check } from '../../ports/check.ts';
import type { DefinitionsInForce } from '../../ports/source-definitions.ts';

export interface SourcesCheckDeps {
  /** @throws StoreError, SourcesError */
  readonly inForce: () => Promise<DefinitionsInForce>;
}

export function sourcesCheck({ inForce }: SourcesCheckDeps): Check {
  return {
    name: 'sources',
    title: 'Definitions of sources in force',
    needs: ['storage'],
    async run() {
      const { version, insteadOf, definitions } = await inForce();
      const named = definitions.map(({ name, kind }) => `${name} (${kind})`).join(', ');
      const saw = `"${version}" is in force: ${named}.`;
      if (insteadOf === undefined) return { status: 'ok', saw };
      return {
        status: 'failed',
        code: 'NAC_SOURCES',
        saw: `"${insteadOf}" was activated and cannot be used. ${saw}`,
        means: 'What that version changed does not hold.',
        action:
          'Run `npm run sources -- show` with its name and `check` on the file, then activate a version that is right.',
      };
    },
  };
}
