// Every page of the console, in both schemes of colours: nothing that axe-core finds, no names that get out of their
// place, and a window as narrow as a phone.

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { accessibilityFindings, OpenConsole } from '../support/console/open-console.ts';
import { connectFirstDevice, type StoryDevice, turnFirstDevice } from '../support/console/story.ts';
import { lookupHttpClient } from '../support/lookup-http-client.ts';

const PAGES = [
  ['', 'Overview'],
  ['find?q=no-such-device', 'Find no-such-device'],
  ['decisions', 'Decisions'],
  ['sessions', 'Sessions'],
  ['jobs', 'Jobs'],
  ['policy', 'Policy'],
  ['operations', 'Operations'],
  ['no-such-page', 'No such page'],
] as const;

/** As a device, a user or a switch may call itself. */
const MARKUP = '"><img src=x onerror=document.title=1>';
const TURNED = 'user\u202Egnp.exe';

let console: OpenConsole;
let device: StoryDevice;

beforeAll(async () => {
  console = await OpenConsole.start();
  device = await connectFirstDevice(console.stack);
});

afterEach(() => console.closePages());
afterAll(() => console?.stop());

async function show(page: Page, path: string): Promise<void> {
  await page.goto(`${console.stack.url}/console/${path}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByText('Loading …').waitFor({ state: 'detached' });
}

test('axe-core finds nothing on any page, in light and in dark', async () => {
  const page = await console.openAs('ada');
  const findings: string[] = [];
  for (const [path, heading] of [...PAGES, [`devices/${device.id}`, '']] as const) {
    await show(page, path);
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const found = await accessibilityFindings(page);
      findings.push(...found.map((each) => `/console/${path} in ${colorScheme}: ${each}`));
    }
  }
  expect(findings).toEqual([]);
}, 180_000);

test('names with markup and with turned writing are shown as what they are, and run nothing', async () => {
  const answer = await fetchLookup({ method: 'site', userName: MARKUP, nasIdentifier: TURNED });
  expect(answer).toBe(200);
  const page = await console.openAs('anna', '/console/decisions');
  await page.getByRole('cell', { name: MARKUP }).first().waitFor();
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.title()).toBe('Decisions · NAC console');
  await page.getByText('U+202E').first().waitFor();
});

test('at 320 pixels nothing but the tables scrolls to the side', async () => {
  const page = await console.openAs('ada', '/console/', { viewport: { width: 320, height: 700 } });
  for (const [path] of PAGES) {
    await show(page, path);
    expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(320);
  }
});

test('keys alone lead to the search, past the header, and the heading has the focus after each change of page', async () => {
  const page = await console.openAs('anna');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.keyboard.press('/');
  expect(await page.evaluate('document.activeElement.name')).toBe('q');
  await page.getByRole('link', { name: 'Jobs' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Jobs' }).waitFor();
  await page.waitForFunction(
    () =>
      (globalThis as unknown as { document: { activeElement: { tagName: string } } }).document.activeElement.tagName ===
      'H1',
  );
});

test('by clicks alone: find a device that turned, have it read, see why, and watch its job become proven', async () => {
  await turnFirstDevice(console.stack, 'noncompliant');
  const page = await console.openAs('olga');
  await page.getByRole('searchbox').fill(device.name);
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: device.name, exact: true }).waitFor();
  await page.getByRole('button', { name: 'Refresh now' }).click();
  await page.getByLabel('Reason').fill('ticket 4711');
  await page.getByRole('dialog').getByRole('button', { name: 'Refresh now' }).click();
  await page.getByRole('status').getByText('The source says: noncompliant').waitFor();
  await page.getByText('does not meet its compliance policy').first().waitFor();
  await page.getByRole('list').getByText('proven').first().waitFor();
});

async function fetchLookup(question: object): Promise<number> {
  await using http = lookupHttpClient(console.stack.url, console.stack.caFile);
  const body = JSON.stringify({ callingStationId: '02-00-00-00-00-01', ...question });
  return (await http.post('/api/lookup', body, { 'x-api-key': console.stack.apiKey })).status;
}
