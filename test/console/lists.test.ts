// Lists of the console in a real browser: filters in the address, what is new, the export, and the views that
// pages have by axe in both colour schemes.

import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { accessibilityFindings, OpenConsole } from '../support/console/open-console.ts';
import { connectFirstDevice, type StoryDevice } from '../support/console/story.ts';

let console: OpenConsole;
let device: StoryDevice;

beforeAll(async () => {
  console = await OpenConsole.start();
  device = await connectFirstDevice(console.stack);
});

afterEach(() => console.closePages());
afterAll(() => console?.stop());

test('the list of decisions filters by its columns, keeps that in its address, and exports what it shows', async () => {
  const page = await console.openAs('anna', '/console/decisions');
  await page.getByRole('link', { name: device.name }).first().waitFor();
  await page.getByRole('searchbox', { name: 'Name, id or MAC' }).fill(device.name);
  await page.waitForURL(`**/console/decisions#device=${device.name}`);
  await page.getByRole('combobox', { name: 'Answer' }).selectOption('permit');
  await page.waitForURL('**/console/decisions?decision=permit#device=*');
  await page.getByText('That is all in this time range').waitFor();
  const rows = await page.getByRole('rowheader').count();
  expect(rows).toBeGreaterThan(0);

  await page.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV', exact: true }).click(),
  ]);
  const csv = await readFile(await download.path(), 'utf8');
  expect(csv.startsWith('\uFEFF"time (UTC)","time (local)"')).toBe(true);
  expect(csv.trimEnd().split('\r\n')).toHaveLength(rows + 1);
  expect(csv).toContain(device.name);
});

test('new decisions wait until they are wanted; a decision opens to its rules', async () => {
  const page = await console.openAs('anna', '/console/decisions');
  await page.getByRole('link', { name: device.name }).first().waitFor();
  const before = await page.getByRole('rowheader').count();
  await connectFirstDevice(console.stack);
  const fresh = page.getByRole('status').filter({ hasText: /new decision/ });
  await fresh.waitFor();
  expect(await page.getByRole('rowheader').count()).toBe(before);
  await fresh.getByRole('button', { name: 'Show' }).click();
  await expect.poll(() => page.getByRole('rowheader').count()).toBeGreaterThan(before);

  await page.getByRole('rowheader').first().getByRole('link').click();
  await page.getByRole('heading', { name: 'Rules of' }).waitFor();
  await page.locator('.rules .decided').waitFor();
  await page.getByRole('combobox', { name: 'Version' }).selectOption('built-in');
  await page.getByText('the same answer').waitFor();
  expect(await accessibilityFindings(page)).toEqual([]);
});

test('axe finds nothing on any view of the policy and of operations, in both schemes', async () => {
  const page = await console.openAs('ada', '/console/policy');
  const operations = ['polls', 'doctor', 'overrides', 'audit', 'clients'].map((view) => `operations?view=${view}`);
  const findings: string[] = [];
  for (const path of ['policy?view=edit', 'policy?view=history', ...operations]) {
    await page.goto(`${console.stack.url}/console/${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const found = await accessibilityFindings(page);
      findings.push(...found.map((each) => `${path} in ${colorScheme}: ${each}`));
    }
  }
  expect(findings).toEqual([]);
});
