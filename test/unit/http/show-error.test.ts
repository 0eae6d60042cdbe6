// Errors as the asker gets them: an editor finds each problem of a policy by its place, without reading the message.

import { expect, test } from 'vitest';
import { readPolicy } from '../../../shared/adapters/yaml/read-policy.ts';
import { PolicyError, RequestError, StoreError } from '../../../shared/errors.ts';
import { showError } from '../../../shared/http/show-error.ts';

test('the refusal of a policy names line and column of each problem', async () => {
  const text = 'roles:\n  staff: { vlan: 10 }\nrules:\n  - name: all\n    permit: stuff\n';
  const thrown = await refusedPolicy(text);
  const { code, problems = [] } = showError(thrown, 400);
  expect(code).toBe('NAC_POLICY');
  expect(problems).toEqual([expect.objectContaining({ line: 5, column: 13, path: 'rules[0].permit' })]);
});

test('other refusals have none, and a mistake of the connector says nothing of its inside', () => {
  const refused = new RequestError(400, 'NAC_REQUEST_FIELD', 'The field x is wrong.', {
    action: 'Mend it.',
    field: 'x',
  });
  expect(showError(refused, 400)).toEqual({
    code: 'NAC_REQUEST_FIELD',
    message: 'The field x is wrong.',
    action: 'Mend it.',
    field: 'x',
  });
  const ours = new StoreError('NAC_STORE_CONFLICT', 'row 17 of table x', { action: 'Look.' });
  expect(showError(ours, 500).message).toBe('Something went wrong here.');
});

async function refusedPolicy(text: string): Promise<PolicyError> {
  try {
    await readPolicy(text, { version: 'draft' });
  } catch (thrown) {
    if (thrown instanceof PolicyError) return thrown;
    throw thrown;
  }
  throw new Error('the policy was taken');
}
