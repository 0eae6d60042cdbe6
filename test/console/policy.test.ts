// A person works on the policy in a real browser: problems at their place, what-if, activation, rollback.

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { accessibilityFindings, OpenConsole } from '../support/console/open-console.ts';
import { control } from '../support/console/story.ts';

let console: OpenConsole;

beforeAll(async () => {
  // A fleet so small is never held otherwise.
  console = await OpenConsole.start({ env: { MASS_CHANGE_DEVICES: '10' } });
});

afterEach(() => console.closePages());
afterAll(() => console?.stop());

const MISTAKE = 'roles:\n  staff: { vlan: 10, sessionTimeout: 8h }\nrules:\n  - name: all\n    permit: stuff\n';

test('a policy is edited, mended, compared, activated and rolled back; what is typed outlives a reload', async () => {
  const page = await console.openAs('ada', '/console/policy?view=edit');
  const text = page.getByRole('textbox', { name: 'Text of the draft, YAML' });
  await replaceText(page, MISTAKE);
  await page.reload();
  await expect.poll(() => text.innerText()).toContain('permit: stuff');

  await page.getByRole('button', { name: 'Compare with the policy in force' }).click();
  await page.getByRole('button', { name: 'Line 5, column 13' }).click();
  await expect.poll(() => page.locator('.cm-problem').innerText()).toBe('stuff');
  await page.keyboard.press('End');
  for (const _ of 'stuff') await page.keyboard.press('Backspace');
  await page.keyboard.type('staff');
  expect(await text.innerText()).toContain('permit: staff');

  await page.getByRole('button', { name: 'Compare with the policy in force' }).click();
  await page.getByRole('heading', { name: 'What the draft would change' }).waitFor();
  expect(await accessibilityFindings(page)).toEqual([]);

  await page.getByRole('button', { name: 'Store and activate' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name of the version').fill('by-hand');
  await dialog.getByLabel('Reason').fill('ticket 4711');
  await dialog.getByRole('button', { name: 'Store and activate' }).click();
  await page.getByText('In force by-hand').waitFor();

  await page.getByRole('button', { name: 'Roll back' }).click();
  await dialog.getByLabel('Reason').fill('ticket 4712');
  await dialog.getByRole('button', { name: 'Roll back' }).click();
  await page.getByText('In force built-in').waitFor();

  await page.getByRole('link', { name: 'History' }).click();
  await page.getByRole('rowheader', { name: 'by-hand' }).waitFor();
  await page.goto(`${console.stack.url}/console/operations?view=audit`);
  await page.getByRole('cell', { name: 'ticket 4711' }).first().waitFor();
  await page.getByRole('cell', { name: 'ticket 4712' }).waitFor();
});

test('an auditor compares, and reads which role an activation needs', async () => {
  const page = await console.openAs('anna', '/console/policy?view=edit');
  await replaceText(page, MISTAKE.replace('stuff', 'staff'));
  await page.getByRole('button', { name: 'Compare with the policy in force' }).click();
  await page.getByRole('heading', { name: 'What the draft would change' }).waitFor();
  const activate = page.getByRole('button', { name: 'Store and activate' });
  expect(await activate.getAttribute('aria-description')).toContain('NAC.Administrator');
});

test('a run that is held is refused, and then released, each with a reason; who may not reads which role it needs', async () => {
  await control(console.stack, 'POST', '/fleet/change', { share: 1, set: { complianceState: 'noncompliant' } });
  const page = await console.openAs('ada');
  await page.getByRole('button', { name: 'Sweep now' }).first().click();
  await page.getByLabel('Reason').fill('ticket 4713');
  await page.getByRole('dialog').getByRole('button', { name: 'Sweep now' }).click();
  const held = page.getByRole('alert').filter({ hasText: 'A run is held' });
  await held.getByText(/of 50 devices/).waitFor({ timeout: 60_000 });
  expect(await accessibilityFindings(page)).toEqual([]);

  const auditor = await console.openAs('anna');
  const release = auditor.getByRole('button', { name: 'Release' });
  await release.waitFor();
  expect(await release.getAttribute('aria-description')).toContain('NAC.Administrator');

  const judge = async (verb: 'Refuse' | 'Release', reason: string): Promise<void> => {
    await page.getByRole('button', { name: verb }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill(reason);
    await dialog.getByRole('button', { name: verb }).click();
  };
  await judge('Refuse', 'wait for the change window');
  await page.getByText('Refused by').waitFor();
  await auditor.getByText('wait for the change window').waitFor();
  await judge('Release', 'window is open, ticket 4714');
  await auditor.getByText('A run is held').waitFor({ state: 'detached', timeout: 60_000 });
  await page.goto(`${console.stack.url}/console/operations?view=audit`);
  await page.getByRole('cell', { name: 'window is open, ticket 4714' }).waitFor();
}, 180_000);

/** Until the page keeps it: the editor takes up what was typed a frame later, and no person reloads so soon. */
async function replaceText(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Text of the draft, YAML' }).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(text);
  await expect.poll(() => page.evaluate(() => sessionStorage.getItem('console.draft.policy.text'))).toBe(text);
}
