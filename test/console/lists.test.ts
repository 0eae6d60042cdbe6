// Lists of the console in a real browser: filters in the address, what is new, the export, and the views that
// pages have by axe in both colour schemes.

import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { accessibilityFindings, OpenConsole } from '../support/console/open-console.ts';
import { askSwitch, connectFirstDevice, type StoryDevice, turnFirstDevice } from '../support/console/story.ts';
import { lookupHttpClient } from '../support/lookup-http-client.ts';

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

test('a job that came to nothing is found by its stage, sent again with a reason, and becomes proven', async () => {
  await askSwitch(console.stack, '/behaviour', { coa: 'nak', errorCause: 401, times: 20 });
  await turnFirstDevice(console.stack, 'noncompliant');
  const page = await console.openAs('olga', '/console/jobs');
  const resend = page.getByRole('button', { name: 'Resend' });
  await expect
    .poll(
      async () => {
        await page.getByRole('button', { name: 'Read again' }).click();
        return resend.count();
      },
      { timeout: 60_000, interval: 1_000 },
    )
    .toBeGreaterThan(0);
  await askSwitch(console.stack, '/behaviour', { coa: 'ack' });
  await resend.first().click();
  await page.getByLabel('Reason').fill('the switch is mended, ticket 4715');
  await page.getByRole('dialog').getByRole('button', { name: 'Resend' }).click();
  await page.getByText('The job goes out again.').waitFor({ state: 'attached' });
  await expect
    .poll(
      async () => {
        await page.getByRole('button', { name: 'Read again' }).click();
        return page.getByRole('cell', { name: /proven/ }).count();
      },
      { timeout: 60_000, interval: 1_000 },
    )
    .toBeGreaterThan(0);
  await page.goto(`${console.stack.url}/console/operations?view=audit`);
  await page.getByRole('cell', { name: 'the switch is mended, ticket 4715' }).waitFor();
}, 180_000);

test('what is found opens at the very session and the very job', async () => {
  const page = await console.openAs('anna', '/console/sessions');
  await page.getByRole('rowheader').first().waitFor();
  const { sessions } = await answerOf<{ sessions: { id: string; site: string }[] }>(console, '/api/sessions');
  const { jobs } = await answerOf<{ jobs: { id: string }[] }>(console, '/api/jobs');
  for (const [id, address, heading] of [
    [sessions[0]?.id ?? '', `**/console/sessions?*session=${sessions[0]?.id}*`, 'Sessions'],
    [jobs[0]?.id ?? '', `**/console/jobs?*job=${jobs[0]?.id}*`, 'One job'],
  ] as const) {
    await page.goto(`${console.stack.url}/console/find?q=${encodeURIComponent(id)}`);
    await page.waitForURL(address);
    await page.getByRole('heading', { name: heading }).waitFor();
    await expect.poll(() => page.getByRole('rowheader').count()).toBeGreaterThan(0);
  }
  await page.getByText('No such job').waitFor({ state: 'detached' });
});

async function answerOf<T>({ stack }: OpenConsole, path: string): Promise<T> {
  await using http = lookupHttpClient(stack.url, stack.caFile);
  return JSON.parse((await http.send('GET', path, { 'x-api-key': stack.operatorKey })).body) as T;
}

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
