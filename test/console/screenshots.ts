// `npm run screenshots`: pictures of the console for README.md and docs/console.md, of a fleet at which something has
// just happened. Each is looked at before it is committed.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { OpenConsole } from '../support/console/open-console.ts';
import { connectFirstDevice, turnFirstDevice } from '../support/console/story.ts';

const FOLDER = process.argv[2] ?? join(import.meta.dirname, '../../docs/pictures');
const SIZE = { width: 1280, height: 860 };
/** The counters of the overview have run by then: decisions are counted every five minutes. */
const COUNTED_WITHIN_MS = 8 * 60_000;
const LOOK_EVERY_MS = 5_000;

mkdirSync(FOLDER, { recursive: true });
const opened = await OpenConsole.start({ fleetSize: 500 });
try {
  const device = await connectFirstDevice(opened.stack);
  await turnFirstDevice(opened.stack, 'noncompliant');
  const light = await opened.openAs('ada', '/console/', { viewport: SIZE, colorScheme: 'light' });
  const devicePath = `/console/devices/${device.id}`;
  await waitUntil(light, devicePath, (text) => text.includes('quarantine') && text.includes('proven'));
  await waitUntil(light, '/console/', (text) => !/not counted yet|no answers yet/i.test(text));
  await take(light, 'console-overview.png');
  for (const [path, name] of [
    [`devices/${device.id}`, 'device'],
    [`find#q=${device.mac.slice(-8)}`, 'find'],
    ['decisions', 'decisions'],
    ['sessions', 'sessions'],
    ['jobs', 'jobs'],
    ['policy', 'policy'],
    ['operations', 'operations'],
  ] as const) {
    await light.goto(`${opened.stack.url}/console/${path}`);
    await take(light, `console-${name}.png`);
  }
  const dark = await opened.openAs('olga', `/console/devices/${device.id}`, { viewport: SIZE, colorScheme: 'dark' });
  await take(dark, 'console-device-dark.png');
  const narrow = await opened.openAs('olga', '/console/', { viewport: { width: 320, height: 900 } });
  await take(narrow, 'console-narrow.png');
} finally {
  await opened.closePages().catch((thrown) => console.error(String(thrown)));
  await opened.stop();
}

/** Loads the page again and again until what it says is worth a picture. */
async function waitUntil(page: Page, path: string, isReady: (text: string) => boolean): Promise<void> {
  const until = Date.now() + COUNTED_WITHIN_MS;
  while (Date.now() < until) {
    await page.goto(`${opened.stack.url}${path}`);
    await isDrawn(page);
    if (isReady(await page.locator('main').innerText())) return;
    await page.waitForTimeout(LOOK_EVERY_MS);
  }
  throw new Error(`${path} does not come to show what its picture is for.`);
}

async function isDrawn(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page
    .getByText(/^(?:Loading|Looking) …$/)
    .first()
    .waitFor({ state: 'detached' });
}

async function take(page: Page, name: string): Promise<void> {
  await isDrawn(page);
  await page.screenshot({ path: join(FOLDER, name) });
  console.log(name);
}
