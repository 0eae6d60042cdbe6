// Every page of the console, in both schemes of colours: nothing that axe-core finds, no names that get out of their
// place, and a window as narrow as a phone.

import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { accessibilityFindings, OpenConsole } from '../support/console/open-console.ts';
import { connectFirstDevice, type StoryDevice, turnFirstDevice } from '../support/console/story.ts';
import { lookupHttpClient } from '../support/lookup-http-client.ts';

const PAGES = [
  ['', 'Overview'],
  ['find#q=no-such-device', 'Find no-such-device'],
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

test('an address is copied in the notation that is wanted, and a ticket gets the facts with both times', async () => {
  const permissions = ['clipboard-read', 'clipboard-write'];
  const page = await console.openAs('anna', `/console/devices/${device.id}`, {
    permissions,
    timezoneId: 'America/New_York',
  });
  const bare = device.mac.replaceAll(/[^0-9a-f]/gi, '').toLowerCase();
  const dots = bare.replace(/(.{4})(.{4})(.{4})/, '$1.$2.$3');
  await page.getByRole('button', { name: 'in another notation' }).first().click();
  await page.getByRole('button', { name: dots, exact: true }).click();
  await page.getByText(`Copied ${dots}`).waitFor({ state: 'attached' });
  expect(await clipboardOf(page)).toBe(dots);
  await page.reload();
  await page.locator('.mac code').getByText(dots).first().waitFor();

  await page.getByRole('button', { name: 'Copy for ticket' }).first().click();
  await page.getByText('Copied for the ticket').waitFor({ state: 'attached' });
  const ticket = await clipboardOf(page);
  expect(ticket).toContain(device.name);
  expect(ticket).toContain(`Link: ${console.stack.url}/console/devices/${device.id}`);
});

test('times are in the zone of the reader with UTC beside, and all in UTC when that is wanted', async () => {
  const page = await console.openAs('anna', '/console/decisions', { timezoneId: 'America/New_York' });
  const time = page.getByRole('rowheader').first().locator('time');
  await time.waitFor();
  const title = (await time.getAttribute('title')) ?? '';
  expect(title).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (EST|GMT-5) · \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  const [local, utc] = title.split(' · ').map((text) => Date.parse(text.replace(/ (?:EST|GMT-5)$/, ' GMT-0500')));
  expect(local).toBe(utc);
  const at = await time.getAttribute('datetime');
  expect(utc).toBe(Math.floor(Date.parse(at ?? '') / 1_000) * 1_000);
  await page.getByRole('button', { name: 'Times' }).click();
  await page.locator('.list-foot time').getByText(/UTC$/).waitFor();
});

test('on paper there is the content alone', async () => {
  const page = await console.openAs('anna', `/console/devices/${device.id}`);
  await page.getByRole('heading', { level: 1, name: device.name }).waitFor();
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  expect(await page.getByRole('searchbox').isVisible()).toBe(false);
  expect(await page.getByRole('button', { name: 'Refresh now' }).isVisible()).toBe(false);
  expect(await page.getByRole('heading', { level: 1 }).isVisible()).toBe(true);
  const background = 'getComputedStyle(document.documentElement).colorScheme';
  expect(await page.evaluate(background)).toBe('light');
});

test('a device is blocked and let on for a time, one person sees what another does, and a reason stays typed', async () => {
  const address = `/console/devices/${device.id}`;
  const olga = await console.openAs('olga', address);
  await olga.getByRole('button', { name: 'Let on until' }).click();
  await olga.getByLabel('Role of the policy in force').fill('compliant');
  await olga.getByLabel('Reason').fill('half a sentence');

  const ada = await console.openAs('ada', address);
  await ada.getByRole('button', { name: 'Block until' }).click();
  await ada.getByLabel('For how long').selectOption({ label: '4 hours' });
  await ada.getByLabel('Reason').fill('stolen, ticket 4711');
  await ada.getByRole('dialog').getByRole('button', { name: 'Block', exact: true }).click();
  await ada.getByText('Blocked. It takes up to 20 seconds').waitFor({ state: 'attached' });

  await olga.reload();
  await olga.getByText('An override blocks the device until').first().waitFor();
  await olga.getByText('stolen, ticket 4711').first().waitFor();
  await olga.getByRole('button', { name: 'End', exact: true }).click();
  await olga.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click();
  await olga.getByText('Ended: policy decides again').waitFor({ state: 'attached' });

  await olga.getByRole('button', { name: 'Let on until' }).click();
  expect(await olga.getByLabel('Reason').inputValue()).toBe('half a sentence');
  expect(await olga.getByLabel('Role of the policy in force').inputValue()).toBe('compliant');
  await olga.getByRole('dialog').getByRole('button', { name: 'Let on', exact: true }).click();
  await olga.getByText('let on as compliant').waitFor();

  await ada.goto(`${console.stack.url}/console/operations?view=overrides`);
  const inForce = ada.getByRole('row').filter({ hasText: 'in force' });
  await inForce.getByText('half a sentence').waitFor();
  await inForce.getByRole('button', { name: 'End' }).click();
  await ada.getByRole('dialog').getByRole('button', { name: 'End' }).click();
  await expect.poll(() => inForce.count()).toBe(0);
});

async function clipboardOf(page: Page): Promise<string> {
  return (await page.evaluate('navigator.clipboard.readText()')) as string;
}

test('what a person looks for, a name or an address, stands in no URL that a server sees', async () => {
  const page = await console.openAs('anna');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const urls: string[] = [];
  page.on('request', (request) => urls.push(request.url()));
  for (const [index, text] of ['jane.doe@example.com', '0a-0b-0c-0d-0e-0f'].entries()) {
    await page.getByRole('searchbox').fill(text);
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: `Find ${text}` }).waitFor();
    await page.getByText('Nothing is known by this').waitFor();
    expect(urls.filter((url) => url.endsWith('/api/search'))).toHaveLength(index + 1);
  }
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Find jane.doe@example.com' }).waitFor();
  expect(await page.getByRole('searchbox').inputValue()).toBe('jane.doe@example.com');
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Find jane.doe@example.com' }).waitFor();
  // A browser keeps what is behind the # to itself; playwright shows it.
  expect(urls.filter((url) => /jane|0a-0b/i.test(url.replace(/#.*$/, '')))).toEqual([]);
});

test('an address that was cut within a character is no page; the others are there', async () => {
  const page = await console.openAs('anna', '/console/devices/%E0%A4');
  await page.getByRole('heading', { level: 1, name: 'No such page' }).waitFor();
  await page.getByRole('link', { name: 'Jobs' }).click();
  await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
});

async function fetchLookup(question: object): Promise<number> {
  await using http = lookupHttpClient(console.stack.url, console.stack.caFile);
  const body = JSON.stringify({ callingStationId: '02-00-00-00-00-01', ...question });
  return (await http.post('/api/lookup', body, { 'x-api-key': console.stack.apiKey })).status;
}
