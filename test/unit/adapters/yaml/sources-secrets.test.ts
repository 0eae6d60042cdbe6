// A secret in sources.yaml, wherever it is written by mistake: no problem shows it.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSources } from '../../../../shared/adapters/yaml/read-sources.ts';
import { SourcesError } from '../../../../shared/errors.ts';
import { SOURCE_DEFAULTS } from '../../../support/source-defaults.ts';

/** Characters of secrets that mean something to YAML are among them. */
const SECRET = fc
  .tuple(
    fc.constantFrom('', '!', '&', '*', '%', '@', '`', '"', "'", '{', '[', '? ', '| ', '> ', '# ', '- '),
    fc.nat(999),
  )
  .chain(([before, number]) =>
    fc
      .constantFrom('', ': ', ' #', '"', "'", '}', ']', ', ', '\t', ' *', ' &', '~', '==', '\n')
      .map((behind) => `${before}hunter2-${number}${behind}x9`),
  );

const TEMPLATES: readonly ((secret: string) => string)[] = [
  (secret) => `passwordSetting: ${secret}`,
  (secret) => `passwordSetting: "${secret}"`,
  (secret) => `passwordSetting: [${secret}]`,
  (secret) => `passwordSetting: { ${secret}: x }`,
  (secret) => `passwordSetting: |\n      ${secret}`,
  (secret) => `usernameSetting: ${secret}`,
  (secret) => `signIn: ${secret}`,
  (secret) => `signIn: { secretSetting: ${secret} }`,
  (secret) => `signIn: { certificateSetting: [ ${secret} ] }`,
  (secret) => `signIn: { ${secret}: secretSetting }`,
  (secret) => `address: https://olga:${secret}@mdm.example`,
  (secret) => `address: https://mdm.example/?token=${secret}`,
  (secret) => `${secret}: passwordSetting`,
  (secret) => `tenantId: ${secret}`,
  (secret) => `name: ${secret}`,
  (secret) => `kind: ${secret}`,
  (secret) => `groups: [ ${secret} ]`,
  (secret) => `sites: [ ${secret} ]`,
  (secret) => secret,
];

test('is refused, and not shown', () => {
  const property = fc.property(
    SECRET,
    fc.constantFrom(...TEMPLATES),
    fc.constantFrom('intune', 'entra', 'cisco-mdm'),
    (secret, template, kind) => {
      const text = `sources:\n  - name: one\n    kind: ${kind}\n    ${template(secret)}\n`;
      try {
        readSources(text, { defaults: SOURCE_DEFAULTS });
        expect.unreachable(text);
      } catch (thrown) {
        expect(thrown, text).toBeInstanceOf(SourcesError);
        const { message, action, problems } = thrown as SourcesError;
        expect(JSON.stringify([message, action, problems]), text).not.toContain('hunter2');
      }
    },
  );
  fc.assert(property, { numRuns: 3_000 });
});
